// alone
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { Paths } from '../../src/paths.ts';
import { prepareRoot, refuseRoot } from '../../src/runtime/supervisor.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ dir: string }>('HOP3_ROOT');

test.before.each((context) => { context.dir = mkdtempSync('/tmp/hop3-root-'); });
test.after.each(({ dir }) => { rmSync(dir, { recursive: true, force: true }); });

const prepare = (root: string) => prepareRoot(new Paths(root), { root });
const refusal = (root: string): Hop3Error => {
  try {
    prepare(root);
  } catch (error) {
    assert.instance(error, Hop3Error);
    return error as Hop3Error;
  }
  throw new Error(`${root} was accepted`);
};

test('it is made whole, closed to others, and again as often as one likes', ({ dir }) => {
  const root = join(dir, 'new', 'root');
  prepare(root);
  for (const name of ['', 'run', 'services', 'own-services', 'nginx', 'nginx/tmp', 'logs', 'tool-home', 'checkouts', 'repos', 'apps']) {
    assert.is(statSync(join(root, name)).mode & 0o777, 0o700, name);
  }
  assert.is(readFileSync(join(root, 'version'), 'utf8'), '1\n');
  writeFileSync(join(root, 'notes.txt'), 'mine');
  chmodSync(root, 0o755);
  prepare(root);
  assert.is(statSync(root).mode & 0o777, 0o700);
});

test('a home directory with dot files and an installer\'s token will do', ({ dir }) => {
  writeFileSync(join(dir, '.profile'), '');
  writeFileSync(join(dir, 'admin.token'), '');
  prepare(dir);
  assert.ok(existsSync(join(dir, 'services')));
});

test('a directory with somebody\'s files is left alone', ({ dir }) => {
  mkdirSync(join(dir, 'Documents'));
  const error = refusal(dir);
  assert.is(error.code, 'HOP3_ROOT_DIR');
  assert.is(error.what, `${dir} holds files that are not Hop3's: Documents.`);
  assert.not(existsSync(join(dir, 'services')));
});

test('another user\'s directory, a file, a place where nothing may be made: each with what to type', ({ dir }) => {
  const foreign = refusal('/etc');
  assert.match(foreign.what, /^\/etc belongs to the user with the number 0, and this is /);
  assert.match(foreign.next!, 'sudo chown -R ');
  const denied = refusal('/etc/hop3-root');
  assert.match(denied.what, '/etc/hop3-root cannot be made or used: EACCES.');
  assert.match(denied.next!, /sudo install -d -o \S+ -m 700 \/etc\/hop3-root/);
  writeFileSync(join(dir, 'file'), '');
  assert.is(refusal(join(dir, 'file')).what, `${join(dir, 'file')} is not a directory.`);
});

test('a symlink to a directory of one\'s own will do', ({ dir }) => {
  mkdirSync(join(dir, 'disk'));
  symlinkSync(join(dir, 'disk'), join(dir, 'link'));
  prepare(join(dir, 'link'));
  assert.ok(existsSync(join(dir, 'disk', 'services')));
});

test('a root that a newer Hop3 wrote is not touched', ({ dir }) => {
  writeFileSync(join(dir, 'version'), '2\n');
  assert.is(refusal(dir).what, `${dir} was written by a newer Hop3 (layout 2; this one knows 1).`);
});

test('root is refused, with the command to type', () => {
  try {
    refuseRoot('/var/lib/hop3', 0);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Hop3Error).code, 'HOP3_ROOT_USER');
    assert.match((error as Hop3Error).next!, 'runuser -u hop3 -- env HOP3_ROOT=/var/lib/hop3 hop3 up');
  }
  refuseRoot('/var/lib/hop3', 1000);
});

test.run();
