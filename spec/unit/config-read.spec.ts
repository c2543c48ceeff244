import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/config/read.ts';
import { Hop3Error } from '../../src/errors.ts';

const test = suite<{ dir: string }>('reading the configuration of a tree');

test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'hop3-config-'));
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }));

function put(dir: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), content);
}

async function refusal(dir: string): Promise<string> {
  try {
    await readConfig(dir);
    return 'accepted';
  } catch (error) {
    assert.instance(error, Hop3Error);
    assert.is((error as Hop3Error).code, 'HOP3_CONFIG');
    return (error as Hop3Error).what;
  }
}

test('a tree without any', async ({ dir }) => {
  const config = await readConfig(dir);
  assert.equal([config.file, config.builder, config.processes], [null, 'auto', {}]);
});

for (const path of ['hop3.toml', 'src/hop3.toml', 'src/hop3/hop3.toml']) {
  test(`found at ${path}, its problems under that name`, async ({ dir }) => {
    put(dir, path, '[run]\nstart = "x"');
    put(dir, 'Procfile', 'worker: y');
    const config = await readConfig(dir);
    assert.equal([config.file, config.processes], [path, { worker: 'y', web: 'x' }]);
    put(dir, path, '[run]\nstrat = "x"');
    assert.is(await refusal(dir), `${path}:2:1: unknown key "strat" in [run]. Did you mean "start"?`);
  });
}

test('two at once', async ({ dir }) => {
  put(dir, 'hop3.toml', '');
  put(dir, 'src/hop3.toml', '');
  assert.is(await refusal(dir), 'The tree has more than one configuration: hop3.toml and src/hop3.toml.');
});

test('a symbolic link, even to a good file', async ({ dir }) => {
  put(dir, 'real.toml', '');
  symlinkSync('real.toml', join(dir, 'hop3.toml'));
  assert.is(await refusal(dir), 'hop3.toml is a symbolic link.');
});

test('a symbolic link on the way', async ({ dir }) => {
  put(dir, 'elsewhere/hop3.toml', '');
  symlinkSync('elsewhere', join(dir, 'src'));
  assert.is(await refusal(dir), 'src/hop3.toml is reached through a symbolic link.');
});

test('a directory in its place', async ({ dir }) => {
  mkdirSync(join(dir, 'hop3.toml'));
  assert.is(await refusal(dir), 'hop3.toml is a directory.');
});

test('a Procfile that is a directory', async ({ dir }) => {
  mkdirSync(join(dir, 'Procfile'));
  assert.is(await refusal(dir), 'Procfile is a directory.');
});

test('a named pipe is refused, not waited for', async ({ dir }) => {
  execFileSync('mkfifo', [join(dir, 'hop3.toml')]);
  assert.is(await refusal(dir), 'hop3.toml is not an ordinary file.');
});

test('bytes that are not UTF-8, with the line', async ({ dir }) => {
  put(dir, 'hop3.toml', Buffer.from('[metadata]\ntitle = "caf\xe9"\n', 'latin1'));
  assert.is(await refusal(dir), 'hop3.toml:2:1: this line is not valid UTF-8.');
  put(dir, 'hop3.toml', Buffer.from('\ufeff[run]\n', 'utf16le'));
  assert.is(await refusal(dir), 'hop3.toml:1:1: this line is not valid UTF-8.');
});

test('a byte order mark is fine', async ({ dir }) => {
  put(dir, 'hop3.toml', '\ufeff[env]\nA = "x"\n');
  assert.equal((await readConfig(dir)).env, { A: 'x' });
});

test('256 KiB are fine, one byte more is not', async ({ dir }) => {
  put(dir, 'hop3.toml', `#${'x'.repeat(256 * 1024 - 1)}`);
  assert.is(await refusal(dir), 'accepted');
  put(dir, 'hop3.toml', `#${'x'.repeat(256 * 1024)}`);
  assert.is(await refusal(dir), 'hop3.toml is larger than 256 KiB.');
});

test.run();
