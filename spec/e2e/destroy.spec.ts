// limit: 240
import { chmod, lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Holds } from './holds.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, runtime } from './tiny-apps.ts';
import { exec, freePort, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; holds: Holds; before: string[]; rows: Record<string, unknown[]> }>('a destroyed app leaves nothing');

test.before(async (context) => {
  context.holds = new Holds();
  context.world = await World.start({ ...context.holds.env, HOP3_DRAIN_TIMEOUT: '2' });
  const { world } = context;
  // What the first app of a server makes for all of them stays, and so do the others.
  assert.is((await (await world.repo('other', runtime(ECHO_WEB))).push()).code, 0);
  context.before = await filesOf(world.root);
  context.rows = rowsOf(world.root);
});
test.after(async ({ world, holds }) => {
  await world.stop();
  holds.remove();
});

/** What belongs to the server itself, and changes while it runs. */
const OWN = /^(?:hop3\.db(?:-wal|-shm)?|logs\/|nginx\/(?:tmp|logs|conf-)|run\/|own-services\/|tool-home\/|apps\/other\/(?:logs|slots)\/)/;

/** Every path below HOP3_ROOT; of symlinks where they lead, too. */
async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const paths = await Promise.all(entries.map(async (entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const name = relative(root, path);
    return entry.isSymbolicLink() && !name.startsWith('nginx') ? `${name} -> ${await readlink(path)}` : name;
  }));
  return paths.filter((path) => !OWN.test(path)).sort();
}

/** Every row of every table, besides what is a log by itself. */
function rowsOf(root: string): Record<string, unknown[]> {
  const db = new BetterSqlite(join(root, 'hop3.db'), { readonly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'audit%' ORDER BY name").all() as { name: string }[];
    return Object.fromEntries(tables.map(({ name }) => [name, db.prepare(`SELECT * FROM "${name}"`).all()]));
  } finally {
    db.close();
  }
}

test('an app with everything an app can have comes, and goes without a trace', async ({ world, before, rows }) => {
  const fixed = await freePort();
  const shop = await world.repo('shop', {
    ...runtime(`${ECHO_WEB} workers.stubborn = "\${pkgs.bash}/bin/bash -c 'trap : TERM; while :; do sleep 1; done'";`),
    'hop3.toml': `[domains]\nnames = ["shop.example.org"]\n[[ports]]\nnumber = ${fixed}\nprotocol = "tcp"\nname = "extra"\n[[cron]]\nname = "nightly"\nschedule = "30 3 * * *"\ncommand = "echo ran"\n[[addons]]\ntype = "redis"\n`,
  });
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
  await shop.commit('again', { note: '2' });
  assert.is((await shop.push()).code, 0);
  for (const args of [['env', 'set', 'SECRET=of-shop'], ['cron', 'run', 'nightly'], ['ps', 'scale', 'web=2'], ['domains', 'add', 'www.example.org'], ['run', '--', 'sh', '-c', 'echo kept > file']]) {
    const done = await world.hop3('--app', 'shop', ...args);
    assert.is(done.code, 0, done.output);
  }
  assert.is((await world.hop3('token', 'create', '--app', 'shop', '--name', 'ci')).code, 0);
  await shop.commit('broken', { 'hop3.nix': 'no nix {' });
  assert.is.not((await shop.push()).code, 0);
  const whileThere = await filesOf(world.root);
  assert.ok(whileThere.some((path) => /^apps\/shop\/roots\/\d+ -> \/nix\/store\//.test(path)), 'its builds are held');
  const paths = whileThere.flatMap((path) => /^apps\/shop\/roots\/\d+ -> (.*)$/.exec(path)?.[1] ?? []);

  const refused = await world.hop3('app', 'destroy', '--app', 'shop', '--confirm=shopp');
  assert.is.not(refused.code, 0);
  assert.is((await world.get('shop')).status, 200);
  const destroyed = await world.hop3('app', 'destroy', '--app', 'shop', '--confirm=shop');
  assert.is(destroyed.code, 0, destroyed.output);

  const names = (list: string[]) => list.filter((path) => !path.startsWith('addons') && !path.startsWith('nginx'));
  assert.equal(names(await filesOf(world.root)), names(before));
  const left = rowsOf(world.root);
  for (const [table, was] of Object.entries(rows)) {
    // A database server that Hop3 started runs on for the next app that asks.
    if (table !== 'addon_servers') assert.equal(left[table], was, table);
  }
  assert.equal(world.processes().filter(({ command }) => command.includes('shop')), []);
  for (const path of new Set(paths)) {
    const roots = await exec('nix-store', ['-q', '--roots', path], { env: world.env });
    assert.not.match(roots.stdout, join(world.root, 'apps/shop'));
  }
  const configuration = await readAll(join(world.root, 'nginx'));
  assert.not.match(configuration, /shop/);
  for (const host of ['shop.localhost', 'shop.example.org', 'www.example.org']) assert.is.not((await world.get('shop', '/', { host })).status, 200, host);
  assert.is((await world.get('other')).status, 200);
});

async function readAll(dir: string): Promise<string> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && !/log/.test(entry.name)).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}

test('an app whose making fails late leaves nothing, although nginx had it already', async ({ world, holds, rows }) => {
  const repos = join(world.root, 'repos');
  holds.hold('app files made');
  const making = world.hop3('app', 'create', '--app', 'late');
  await holds.reached('app files made');
  // What another app changes in nginx brings the new one there too.
  const added = await world.hop3('domains', 'add', 'more.example.org', '--app', 'other');
  assert.is(added.code, 0, added.output);
  assert.is((await world.get('late')).body, 'late has no live release.\n');
  await chmod(repos, 0o500);
  try {
    holds.release('app files made');
    const made = await making;
    assert.is.not(made.code, 0, made.output);
  } finally {
    await chmod(repos, 0o700);
  }
  assert.is((await world.get('late')).status, 404);
  assert.not.match(await readAll(join(world.root, 'nginx')), /late\.localhost/);
  assert.is((await world.hop3('domains', 'remove', 'more.example.org', '--app', 'other')).code, 0);
  assert.equal(rowsOf(world.root)['apps'], rows['apps']);
});

test('its name can be used again, by an app that has nothing of the old one', async ({ world }) => {
  const again = await world.repo('another', runtime(ECHO_WEB));
  await again.git('remote', 'set-url', 'hop3', (await again.git('remote', 'get-url', 'hop3')).replace('another.git', 'shop.git'));
  const pushed = await again.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.output, 'Released v1');
  assert.not.match((await world.get('shop')).body, 'of-shop');
  assert.equal((await world.hop3('run', '--app', 'shop', '--', 'ls')).stdout.trim(), '');
  await lstat(join(world.root, 'apps/shop/data'));
});

test.run();
