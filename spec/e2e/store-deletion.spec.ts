import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppName, StorePath } from '../../src/names.ts';
import { deleteDead } from '../../src/nix/store-deletion.ts';
import { StoreSweep } from '../../src/pipeline/sweep.ts';
import { TOOL_PATH } from '../../src/run.ts';
import type { KeptOutput } from '../../src/store/builds.ts';
import type { Store } from '../../src/store/store.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { inOwnStore } from './own-store.ts';
import { until } from './world.ts';

await asOrdinaryUser(import.meta.url);
await inOwnStore(import.meta.url);

const test = suite<{ home: string; deletions: () => string[] }>('store paths of old builds');
let made = 0;

test.before.each((context) => {
  context.home = mkdtempSync('/var/tmp/hop3-deletion-');
  // Writes down each deletion and hands on to the real one.
  const asked = join(context.home, 'asked');
  writeFileSync(join(context.home, 'nix-store'), `#!/bin/sh\ncase $1 in --delete) echo "$*" >>${asked} ;; esac\nPATH=${TOOL_PATH} exec nix-store "$@"\n`);
  chmodSync(join(context.home, 'nix-store'), 0o755);
  process.env['HOP3_TOOL_PATH'] = `${context.home}:${TOOL_PATH}`;
  context.deletions = () => (existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : []);
});
test.after.each(({ home }) => {
  delete process.env['HOP3_TOOL_PATH'];
  rmSync(home, { recursive: true, force: true });
});

/** A text in the store that names these others. */
function text(...named: string[]): StorePath {
  const names = named.map((path) => `\${builtins.storePath ${path}}`).join(' ');
  const expression = `builtins.toFile "text" "${(made += 1)} ${names}"`;
  return JSON.parse(execFileSync('nix-instantiate', ['--eval', '--json', '--read-write-mode', '-E', expression], { encoding: 'utf8' })) as StorePath;
}

test('what nothing needs goes, whatever the order, in one deletion', async ({ deletions }) => {
  const below = text();
  const top = text(below);
  const other = text();
  await deleteDead([below, other, top]);
  assert.equal([below, other, top].filter(existsSync), []);
  assert.is(deletions().length, 1);
});

test('what a root keeps stays, with all that it needs; the rest goes all the same', async ({ home, deletions }) => {
  const below = text();
  const kept = text(below);
  const free = text();
  execFileSync('nix-store', ['--realise', kept, '--add-root', join(home, 'root')], { stdio: 'ignore' });
  await deleteDead([below, free]);
  assert.equal([below, kept, free].map(existsSync), [true, true, false], 'nix is not asked about what another path names');
  assert.is(deletions().length, 1);
  await deleteDead([kept, below, text()]);
  assert.equal([below, kept].map(existsSync), [true, true]);
});

test('a path that is gone already harms nobody', async () => {
  const gone = text();
  await deleteDead([gone]);
  const free = text();
  await deleteDead([gone, free]);
  assert.not(existsSync(free));
});

const builtAs = (storePath: StorePath): KeptOutput => ({ number: 1, root: 1, storePath, runtime: JSON.stringify({ closure: [storePath] }), version: 1, live: false });
const shop = 'shop' as AppName;
function sweepOf(wait: { quietMs: number; longestMs: number }, kept: KeptOutput[] = []): { sweep: StoreSweep; defects: unknown[] } {
  const defects: unknown[] = [];
  const store = { builds: { outputs: () => kept } } as unknown as Store;
  return { sweep: new StoreSweep({ store, reportDefect: (where, error) => { defects.push(where, error); } }, wait), defects };
}

test('old builds of several deploys wait until no deploy is under way, and go together', async ({ deletions }) => {
  const { sweep, defects } = sweepOf({ quietMs: 100, longestMs: 60_000 });
  const [one, two] = [text(), text()];
  const ended = sweep.deploys();
  sweep.add(shop, [builtAs(one)]);
  sweep.add('blog' as AppName, [builtAs(two)]);
  await delay(400);
  assert.equal([one, two].map(existsSync), [true, true], 'a deploy is under way');
  ended();
  await until('both to be gone', async () => !existsSync(one) && !existsSync(two), 60);
  assert.is(deletions().length, 1);
  assert.equal(defects, []);
});

test('on a host that always deploys they go all the same', async () => {
  const { sweep } = sweepOf({ quietMs: 60_000, longestMs: 200 });
  const old = text();
  const ended = sweep.deploys();
  sweep.add(shop, [builtAs(old)]);
  await until('it to be gone', async () => !existsSync(old), 60);
  ended();
});

test('what another build of the app still has stays, though nothing else keeps it', async () => {
  const shared = text();
  const old = text();
  const { sweep } = sweepOf({ quietMs: 60_000, longestMs: 60_000 }, [builtAs(shared)]);
  sweep.add(shop, [builtAs(old), builtAs(shared)]);
  await sweep.now();
  assert.equal([old, shared].map(existsSync), [false, true]);
});

test.run();
