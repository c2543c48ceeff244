// alone
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

interface Context { dir: string; file: string }
const conf = suite<Context>('scripts/nix-conf.sh', { dir: '', file: '' });

conf.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'hop3-nix-conf-'));
  context.file = join(context.dir, 'nix.conf');
});
conf.after.each(({ dir }) => rmSync(dir, { recursive: true }));

const run = (...args: string[]) => runWith({}, ...args);
const runWith = (env: Record<string, string>, ...args: string[]) =>
  spawnSync('bash', ['scripts/nix-conf.sh', ...args], { encoding: 'utf8', timeout: 30_000, env: { ...process.env, ...env } });

/** A setting as Nix itself reads the file. */
function effective(dir: string, name: string): string {
  const { NIX_CONFIG: _, ...env } = process.env;
  const shown = spawnSync('nix', ['--extra-experimental-features', 'nix-command', 'show-config'], { encoding: 'utf8', env: { ...env, NIX_CONF_DIR: dir, NIX_USER_CONF_FILES: '/dev/null' } });
  return new RegExp(`^${name} = ?(.*)$`, 'm').exec(shown.stdout)?.[1] ?? '';
}

conf('a new file gets the sandbox and the paths of the host package set; a second run adds nothing', ({ dir, file }) => {
  assert.is(run('--write', file).status, 0);
  const text = readFileSync(file, 'utf8');
  assert.is(effective(dir, 'sandbox'), 'true');
  assert.is(effective(dir, 'sandbox-fallback'), 'false');
  for (const path of ['/bin', '/usr', '/lib']) assert.ok(effective(dir, 'sandbox-paths').split(' ').includes(path), path);
  assert.is(run('--write', file).status, 0);
  assert.is(readFileSync(file, 'utf8'), text);
});

conf('a relaxed sandbox stays where the operator allows builds outside of it, and nowhere else', ({ dir, file }) => {
  writeFileSync(file, 'sandbox = relaxed\n');
  assert.match(run(file).stdout, /^sandbox = true$/m);
  const allowed = { HOP3_ALLOW_UNSANDBOXED_BUILDS: '1' };
  assert.not.match(runWith(allowed, file).stdout, /^sandbox = /m);
  assert.is(runWith(allowed, '--write', file).status, 0);
  assert.is(effective(dir, 'sandbox'), 'relaxed');
  writeFileSync(file, 'sandbox = false\n');
  assert.match(runWith(allowed, file).stdout, /^sandbox = true$/m);
});

conf("Debian's `sandbox = false` stays in the file and no longer counts; the old file is kept", ({ dir, file }) => {
  const old = '# from the package\nsandbox = false\ncores = 3\n';
  writeFileSync(file, old);
  const told = run(file);
  assert.is(told.status, 3);
  assert.match(told.stdout, /^sandbox = true$/m);
  assert.is(readFileSync(file, 'utf8'), old);
  assert.is(run('--write', file).status, 0);
  assert.ok(readFileSync(file, 'utf8').startsWith(old));
  assert.is(effective(dir, 'sandbox'), 'true');
  assert.is(effective(dir, 'cores'), '3');
  const kept = readdirSync(dir).filter((name) => name.startsWith('nix.conf.before-hop3.'));
  assert.is(kept.length, 1);
  assert.is(readFileSync(join(dir, kept[0]!), 'utf8'), old);
});

conf('never shows /bin and a file below it together: Nix would empty the machine\'s own /bin/sh', ({ dir, file }) => {
  writeFileSync(file, 'sandbox-paths = /opt /bin/sh=/bin/busybox /usr/bin/env?\n');
  assert.is(run('--write', file).status, 0);
  const paths = effective(dir, 'sandbox-paths').split(' ');
  assert.ok(paths.includes('/bin'));
  assert.ok(paths.includes('/opt'));
  assert.not.ok(paths.some((path) => path.startsWith('/bin/') || path.startsWith('/usr/')), paths.join(' '));
});

conf('for a pinned nixpkgs only /bin/sh is shown', ({ dir, file }) => {
  assert.is(run('--nixpkgs', 'pin', '--write', file).status, 0);
  assert.is(effective(dir, 'sandbox-paths'), '/bin/sh=/bin/busybox');
});

conf('a machine that shows the whole distribution is left so for a pinned nixpkgs', ({ file }) => {
  run('--write', file);
  const text = readFileSync(file, 'utf8');
  assert.is(run('--nixpkgs', 'pin', '--write', file).status, 0);
  assert.is(readFileSync(file, 'utf8'), text);
});

conf('an ordinary user with sudo is told the same as root: nothing is missing after root has written it', ({ dir, file }) => {
  assert.is(run('--write', file).status, 0);
  chmodSync(dir, 0o755);
  chmodSync(file, 0o644);
  const script = join(dir, 'nix-conf.sh');
  copyFileSync('scripts/nix-conf.sh', script);
  chmodSync(script, 0o755);
  const asNobody = process.getuid?.() === 0 ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'] : [];
  const [program, ...args] = [...asNobody, 'bash', script, file];
  const told = spawnSync(program, args, { encoding: 'utf8', cwd: '/', timeout: 30_000, env: { PATH: process.env['PATH'], HOME: '/nonexistent' } });
  assert.is(told.stdout, '');
  assert.is(told.status, 0, told.stderr);
});

if (spawnSync('nix', ['--version']).status === 0) conf.run();
else console.log('skipped: nix is not installed');
