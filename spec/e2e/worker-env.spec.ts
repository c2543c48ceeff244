import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { chainProcesses, sandboxProcesses } from '../../src/runtime/processes.ts';
import { startSlot, stopSlot } from '../../src/runtime/services.ts';
import { slotLayout, workerLayout } from '../../src/runtime/slot-layout.ts';
import { fillSlot } from '../../src/runtime/slots.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { makeWorld, output, release, shop, until, worker, type World } from './worker-world.ts';

await asOrdinaryUser(import.meta.url);

const environment = suite('the environment of a worker');
let world: World;
environment.before(async () => { world = await makeWorld(); });
environment.after(() => world.end());
environment.after.each(() => stopSlot(world.paths, shop, 'a', 0));

const HARD_VALUES = {
  EMPTY: '',
  LINES: 'first\nsecond\n\nfourth\n',
  QUOTES: `it's "quoted" \`here\``,
  COMMAND: '$(id) ${HOME} `id` $HOME \\n %s',
  EMOJI: 'grün 🚀 \u2028',
  SPACES: '  both sides \t ',
  ONLY_NEWLINE: '\n',
  EQUALS: '=a=b=',
  LARGE: 'x'.repeat(100_000),
} as const;

environment('arrives byte for byte', async () => {
  const store = world.store({ x: 'x' });
  // s6-log cuts lines at 8 KiB, so the values are told in a file.
  const spec = release(store, [worker('web', `/usr/bin/python3 -c "import os, json; open('seen.json', 'w').write(json.dumps(dict(os.environ))); os.rename('seen.json', 'env.json'); import time; time.sleep(600)"`, { port: 1, env: HARD_VALUES })]);
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
  const seenFile = join(world.paths.data(shop), 'env.json');
  await until(() => statSync(seenFile, { throwIfNoEntry: false }) !== undefined, 'the worker wrote its environment down');
  const seen = JSON.parse(readFileSync(seenFile, 'utf8')) as Record<string, string>;
  for (const [name, value] of Object.entries(HARD_VALUES)) assert.is(seen[name], value, name);
  assert.is(seen['HOME'], '/app/data');
  assert.is(seen['PORT'], '1');
  // Nothing of the server's or supervisor's own environment comes along.
  const more = Object.keys(seen).filter((name) => !(name in HARD_VALUES) && !['PATH', 'LANG', 'HOP3_RELEASE', 'PORT', 'HOME', 'PWD', 'OLDPWD', 'SHLVL', '_', 'LC_CTYPE'].includes(name));
  assert.equal(more, []);
});

environment('is nowhere but in files of 0600 in a directory of 0700', async () => {
  const spec = release(world.store({ x: 'x' }), [worker('web', 'sleep 600', { port: 1, env: { SECRET: 'opensesame-1234' } })]);
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
  const files = workerLayout(slotLayout(world.paths, shop, 'a'), 'web.1');
  await until(() => sandboxProcesses(files.env).length >= 3, 'the worker runs');
  assert.is(statSync(files.env).mode & 0o777, 0o700);
  for (const name of readdirSync(files.env)) assert.is(statSync(join(files.env, name)).mode & 0o777, 0o600);
  for (const file of [files.run, files.sandbox, files.finish]) assert.not.match(readFileSync(file, 'utf8'), /opensesame/);
  for (const pid of [...chainProcesses(files.dir), ...sandboxProcesses(files.env)]) assert.not.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /opensesame/);
});

environment('cannot load code outside the sandbox', async () => {
  // With these, any program that is started with the app's environment would read a file of the app, or run it.
  const lib = '/usr/lib/x86_64-linux-gnu/libpthread.so.0';
  const spec = release(world.store({ x: 'x' }), [worker('web', 'sleep 600', { port: 1, env: { LD_PRELOAD: lib, BASH_ENV: '/app/data/evil', ENV: '/app/data/evil', PATH: '/app/data:/usr/bin:/bin' } })]);
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
  const files = workerLayout(slotLayout(world.paths, shop, 'a'), 'web.1');
  const maps = (pid: number) => readFileSync(`/proc/${pid}/maps`, 'utf8');
  await until(() => sandboxProcesses(files.env).some((pid) => maps(pid).includes('libpthread')), 'the app itself has loaded its library');
  const outside = chainProcesses(files.dir);
  assert.ok(outside.length >= 3, 'supervisor, tini and bwrap are looked at');
  for (const pid of outside) {
    assert.not.match(maps(pid), /libpthread/, readFileSync(`/proc/${pid}/comm`, 'utf8'));
    assert.not.match(readFileSync(`/proc/${pid}/environ`, 'utf8'), /LD_PRELOAD|BASH_ENV|\/app\/data/);
  }
});

environment('is refused where it could not arrive', async () => {
  const store = world.store({ x: 'x' });
  const refusal = async (env: Record<string, string>) => {
    try {
      await fillSlot(world.paths, release(store, [worker('web', 'true', { port: 1, env })]));
    } catch (error) {
      if (error instanceof Hop3Error) return `${error.code} ${error.what}`;
      throw error;
    }
    return 'accepted';
  };
  assert.is(await refusal({ BIG: 'x'.repeat(131_072) }), 'HOP3_ENV_VALUE The value of BIG has 131072 bytes; Linux gives a process at most 131067 in one variable.');
  assert.is(await refusal({ BIG: 'x'.repeat(131_067) }), 'accepted');
  assert.is(await refusal({ NUL: 'a\0b' }), 'HOP3_ENV_VALUE The value of NUL holds a NUL character.');
  assert.is(await refusal({ '../x': 'a' }), 'HOP3_ENV_VALUE "../x" cannot be a variable\'s name.');
});

environment('at the size limit still starts', async () => {
  const spec = release(world.store({ x: 'x' }), [worker('web', `/usr/bin/python3 -c "import os; print(len(os.environ['BIG']), flush=True)"`, { port: 1, env: { BIG: 'x'.repeat(131_067), HOP3_RELEASE: 'v2' } })]);
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
  await until(() => output(world).length > 0, 'the worker printed');
  assert.is(output(world)[0], '131067');
});

environment.run();
