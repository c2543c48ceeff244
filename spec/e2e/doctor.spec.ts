import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { site } from './tiny-apps.ts';
import { CHECKOUT, exec, freePort, World } from './world.ts';

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly text: string;
  readonly remedy: string | null;
}

// As root first: that is refused.
const root = process.getuid?.() === 0 ? spawnSync(join(CHECKOUT, 'bin/hop3'), ['doctor'], { encoding: 'utf8' }) : null;
if (root && (root.status !== 2 || !root.stderr.includes('runuser -u hop3 -- hop3 doctor'))) throw new Error(`as root: ${root.stdout}${root.stderr}`);

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('hop3 doctor');

test.before(async (context) => {
  const world = await World.start();
  context.world = world;
  const pushed = await (await world.repo('page', site('one'))).push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.hop3('env', 'set', 'API_KEY=nobody-may-see-this', '--app', 'page')).code, 0);
});
test.after(async ({ world }) => { await world.stop(); });

/** Looks with other settings than the world's, and gives what was found under a name. */
async function look(world: World, env: Record<string, string> = {}): Promise<{ code: number | null; output: string; named: (name: string) => Finding; failed: string[] }> {
  const ran = await exec(join(CHECKOUT, 'bin/hop3'), ['doctor', '--json'], { env: { ...world.env, ...env }, cwd: world.home });
  const { findings, ok } = JSON.parse(ran.stdout) as { findings: Finding[]; ok: boolean };
  assert.is(ok, ran.code === 0);
  for (const { name, status, remedy } of findings) assert.is(remedy === null, status === 'ok', name);
  return {
    code: ran.code, output: ran.output,
    named: (name) => findings.find((finding) => finding.name === name && finding.status !== 'ok') ?? findings.find((finding) => finding.name === name)!,
    failed: findings.filter((finding) => finding.status === 'fail').map((finding) => finding.name),
  };
}

test('a server that is well: nothing fails, and the ports are its own', async ({ world }) => {
  const { code, named, failed, output } = await look(world);
  assert.equal(failed, []);
  assert.is(code, 0);
  for (const name of ['nix build', 'restrict-eval', 'sandbox', 'database', 'secret key', 'HOP3_ROOT', 'leftovers', 'supervisor', 'nginx configuration', 'clock', 'git']) assert.is(named(name).status, 'ok', `${name}: ${named(name).text}`);
  assert.is(named('nix build').text, 'the daemon builds, in its sandbox');
  assert.is(named('restrict-eval').text, 'an expression that reads /etc/passwd is refused');
  assert.match(named('secret key').text, 'opens the stored secrets');
  assert.match(named('HOP3_LISTEN').text, 'held by Hop3');
  assert.match(named('HOP3_HTTP_LISTEN').text, 'held by Hop3');
  for (const secret of [await world.token(), 'nobody-may-see-this', readFileSync(join(world.root, 'secret.key'), 'utf8').trim()]) assert.not(output.includes(secret));
  const read = await world.hop3('doctor');
  assert.match(read.stdout, /^ok {4}git: 2\./m);
  assert.match(read.stdout, /^warn {2}package set: host: .*\n {6}-> For reproducible builds/m);
  assert.match(read.output, /\d+ ok, \d+ warnings, 0 failed/);
});

test('the settings of the server count where the environment has none', async ({ world }) => {
  const ran = await exec(join(CHECKOUT, 'bin/hop3'), ['doctor', '--json'], { env: { PATH: world.env['PATH']!, HOME: world.home, NIX_REMOTE: world.env['NIX_REMOTE']!, HOP3_ROOT: world.root } });
  assert.match(ran.stdout, `127.0.0.1:${world.port}, held by Hop3`);
});

test('a program that is missing is named with its package', async ({ world }) => {
  const bin = join(world.home, 'bin');
  mkdirSync(bin);
  for (const dir of ['/usr/bin', '/usr/sbin']) {
    for (const name of readdirSync(dir)) {
      if (!['bwrap', 'git', 'redis-server'].includes(name) && !name.startsWith('.')) try { symlinkSync(join(dir, name), join(bin, name)); } catch { /* in both */ }
    }
  }
  const { code, named } = await look(world, { HOP3_TOOL_PATH: bin });
  assert.is(code, 7);
  assert.equal([named('git').status, named('git').text, named('git').remedy], ['fail', 'is not installed', 'apt-get install git']);
  assert.equal([named('bwrap').status, named('bwrap').remedy], ['fail', 'apt-get install bubblewrap']);
  assert.is(named('sandbox').status, 'fail');
  assert.match(named('sandbox').remedy ?? '', 'kernel.unprivileged_userns_clone=1');
  // No app asks for one.
  assert.match(named('addons: redis').text, 'redis-server is not installed; no app asks for one');
  assert.is(named('addons: redis').status, 'ok');
});

test('no Nix daemon', async ({ world }) => {
  const { code, named } = await look(world, { NIX_REMOTE: 'unix:///nowhere/socket' });
  assert.is(code, 7);
  assert.is(named('nix build').text.split('\n')[0], 'The Nix daemon does not answer.');
  assert.match(named('nix build').remedy ?? '', 'nix-daemon');
});

test('a package set that is not there', async ({ world }) => {
  const { named } = await look(world, { HOP3_NIXPKGS: '/nowhere/nixpkgs' });
  assert.is(named('package set').status, 'fail');
  assert.match(named('package set').text, 'is not a package set');
});

test('modes that let others in, by name and with the command', async ({ world }) => {
  chmodSync(join(world.root, 'repos'), 0o755);
  chmodSync(join(world.root, 'admin.token'), 0o644);
  const { code, output } = await look(world);
  assert.is(code, 7);
  assert.match(output, `${world.root}/repos can be read by other users (mode 755)`);
  assert.match(output, `chmod go= ${world.root}/admin.token`);
  chmodSync(join(world.root, 'repos'), 0o700);
  chmodSync(join(world.root, 'admin.token'), 0o600);
});

test('with the server down: a port that another program has, a clock that is behind, a key that is not the right one, a damaged database', async ({ world }) => {
  assert.is((await world.hop3('down')).code, 0);
  const other = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => { other.listen(port, '127.0.0.1', resolve); });
  try {
    const taken = await look(world, { HOP3_LISTEN: `127.0.0.1:${port}` });
    assert.equal(taken.failed, ['HOP3_LISTEN']);
    assert.match(taken.named('HOP3_LISTEN').text, new RegExp(`cannot be used: process ${process.pid} \\(.*\\) listens there`));
    assert.match(taken.named('HOP3_LISTEN').remedy ?? '', 'End that program');
    assert.is(taken.named('supervisor').status, 'warn');
    assert.match(taken.named('supervisor').remedy ?? '', 'hop3 up');
  } finally {
    other.close();
  }

  const file = join(world.root, 'hop3.db');
  const db = new BetterSqlite(file);
  db.prepare('UPDATE apps SET created_at = ?').run(Date.now() + 3_600_000);
  db.close();
  const late = await look(world);
  assert.match(late.named('clock').text, /it is .* here, and the database has something from/);
  assert.match(late.named('clock').remedy ?? '', 'timedatectl set-ntp true');

  const key = join(world.root, 'secret.key');
  renameSync(key, `${key}.kept`);
  const lost = await look(world);
  assert.match(lost.named('secret key').text, 'cannot be read (ENOENT)');
  assert.match(lost.named('secret key').remedy ?? '', 'Put the key file back from your backup');
  writeFileSync(key, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  assert.match((await look(world)).named('secret key').text, 'cannot be decrypted with the key');
  renameSync(`${key}.kept`, key);

  const bytes = readFileSync(file);
  for (let at = 4096; at < bytes.length; at += 4096) bytes.fill(0x5a, at, at + 512);
  writeFileSync(file, bytes);
  const damaged = await look(world);
  assert.is(damaged.code, 7);
  assert.match(damaged.named('database').text, 'hop3.db is damaged');
  assert.match(damaged.named('database').remedy ?? '', 'Restore a backup (docs/backup.md)');
});

test.run();
