import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hop3Error } from '../../src/errors.ts';
import { parseAppName, type StorePath } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import type { SlotSpec } from '../../src/runtime/model.ts';
import { clearSlot, currentTarget, fillSlot, liveSlot, switchTo, unswitch } from '../../src/runtime/slots.ts';
import { slotTarget } from '../../src/runtime/slot-target.ts';
import { parseServiceName, serviceName } from '../../src/runtime/slot-layout.ts';

const shop = parseAppName('shop');
const STORE = '/nix/store/00000000000000000000000000000000-shop' as StorePath;

const slots = suite('slots');
let paths: Paths;
slots.before.each(() => {
  paths = new Paths(mkdtempSync(join(tmpdir(), 'hop3-slots-')));
  mkdirSync(paths.app(shop), { recursive: true });
});
slots.after.each(() => rmSync(paths.root, { recursive: true, force: true }));

const spec = (more: Partial<SlotSpec> = {}): SlotSpec => ({
  app: shop, slot: 'a', storePath: STORE, closure: [STORE], static: null, stopGraceMs: 30_000,
  workers: [{ name: 'web.1', type: 'web', command: `python3 -c 'print("it''s")'`, port: 20_000, env: { PORT: '20000', TEXT: 'two\nlines', HOME: '/root', HOP3_RELEASE: 'v7' } }],
  ...more,
});
const a = () => paths.slot(shop, 'a');

slots('the switch is a symlink that is replaced, and can be taken back', () => {
  assert.is(liveSlot(paths, shop), null);
  switchTo(paths, shop, slotTarget('a', 'web'));
  assert.is(readlinkSync(paths.current(shop)), 'slots/a/web');
  const before = currentTarget(paths, shop);
  switchTo(paths, shop, slotTarget('b', 'both'));
  assert.is(liveSlot(paths, shop), 'b');
  unswitch(paths, shop, before);
  assert.is(liveSlot(paths, shop), 'a');
  unswitch(paths, shop, null);
  assert.is(liveSlot(paths, shop), null);
  assert.equal(readdirSync(paths.app(shop)), []);
});

slots('a temporary symlink that a crash left does not stop the next switch', () => {
  symlinkSync('slots/a/web', `${paths.current(shop)}.next`);
  switchTo(paths, shop, slotTarget('b', 'static'));
  assert.is(readlinkSync(paths.current(shop)), 'slots/b/static');
});

slots('a `current` that Hop3 did not write is no live slot', () => {
  symlinkSync('/etc', paths.current(shop));
  assert.is(liveSlot(paths, shop), null);
});

slots('a filled slot has all that its workers need', async () => {
  await fillSlot(paths, spec());
  assert.is(readlinkSync(join(a(), 'release')), STORE);
  assert.equal(readdirSync(a()).sort(), ['etc', 'init', 'release', 'services', 'web']);
  const service = join(a(), 'services', 'web.1');
  assert.equal(readdirSync(service).sort(), ['env', 'finish', 'limits.json', 'log', 'run', 'sandbox.args', 'timeout-kill']);
  assert.is(readFileSync(join(service, 'timeout-kill'), 'utf8'), '30000\n');
  assert.is(readFileSync(join(service, 'env', 'TEXT'), 'utf8'), 'two\nlines\n');
  // Whatever the environment says, HOME is the data directory.
  assert.is(readFileSync(join(service, 'env', 'HOME'), 'utf8'), '/app/data\n');
  assert.is(readlinkSync(join(service, 'log', 'to')), join(paths.workerLogs(shop), 'web.1', 'v7.a'));
  for (const dir of [a(), service, join(service, 'env'), paths.data(shop), paths.workerLogs(shop)]) assert.is(statSync(dir).mode & 0o777, 0o700, dir);
});

slots('a static site is a link inside the directory that the switch names', async () => {
  const hash = '0'.repeat(32);
  assert.is(await fillSlot(paths, spec({ static: `${STORE}/www`, workers: [] })), `slots/a/static.${hash}`);
  assert.is(readlinkSync(join(a(), `static.${hash}`, 'static')), `${STORE}/www`);
  assert.is(await fillSlot(paths, spec({ static: `${STORE}/www` })), `slots/a/both.${hash}`);
  assert.is(readlinkSync(join(a(), `both.${hash}`, 'static')), `${STORE}/www`);
  assert.equal(readdirSync(a()).sort(), [`both.${hash}`, 'etc', 'init', 'release', 'services']);
});

slots('files that are a link into another store path have the hash of that one', async () => {
  const other = join(paths.root, 'nix', 'store', `${'1'.repeat(32)}-pages`);
  mkdirSync(other, { recursive: true });
  symlinkSync(other, join(paths.root, 'www'));
  assert.is(await fillSlot(paths, spec({ static: join(paths.root, 'www'), workers: [] })), `slots/a/static.${'1'.repeat(32)}`);
});

slots('what a crash left in the slot is gone, and the other slot is untouched', async () => {
  await fillSlot(paths, spec({ slot: 'b' }));
  switchTo(paths, shop, slotTarget('b', 'web'));
  mkdirSync(join(a(), 'services', 'old.1', 'env'), { recursive: true });
  writeFileSync(join(a(), 'services', 'old.1', 'env', 'SECRET'), 'x');
  const before = lstatSync(paths.slot(shop, 'b')).ino;
  await fillSlot(paths, spec());
  assert.equal(readdirSync(join(a(), 'services')), ['web.1']);
  assert.is(lstatSync(paths.slot(shop, 'b')).ino, before);
});

slots('the live slot is neither filled nor cleared', async () => {
  await fillSlot(paths, spec());
  switchTo(paths, shop, slotTarget('a', 'web'));
  const tried = await fillSlot(paths, spec()).then(() => 'filled', (error: Error) => error.message);
  assert.is(tried, 'slot a of shop is live and cannot be filled');
  assert.throws(() => clearSlot(paths, shop, 'a'), /is live and cannot be cleared/);
  assert.is(readlinkSync(join(a(), 'release')), STORE);
});

slots('a refused release leaves the slot as it was', async () => {
  await fillSlot(paths, spec());
  const worker = spec().workers[0]!;
  const code = await fillSlot(paths, spec({ workers: [{ ...worker, env: { BAD: '\0' } }] })).then(() => 'filled', (error: Hop3Error) => error.code);
  assert.is(code, 'HOP3_ENV_VALUE');
  assert.ok(existsSync(join(a(), 'services', 'web.1', 'run')));
});

slots('a worker name that would leave the slot is a defect, and told as one', async () => {
  const worker = spec().workers[0]!;
  for (const name of ['../x.1', 'web', 'web.0', '.1', 'a/b.1', 'web.1\n']) {
    const message = await fillSlot(paths, spec({ workers: [{ ...worker, name }] })).then(() => 'filled', (error: Error) => error.message);
    assert.match(message, 'not a worker name');
  }
});

slots('a service name tells app, slot and worker', () => {
  assert.is(serviceName(shop, 'b', 'web.1'), 'shop.b.web.1');
  assert.equal(parseServiceName('shop.b.web.1'), { app: 'shop', slot: 'b', worker: 'web.1' });
  for (const name of ['server', 'nginx', 'shop.c.web.1', 'shop.b.web', '.s6-svscan']) assert.is(parseServiceName(name), null, name);
});

slots.run();
