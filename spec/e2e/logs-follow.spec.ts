// limit: 300
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { runtime } from './tiny-apps.ts';
import { CHECKOUT, until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; repo: Repo }>('the log of an app that is deployed while somebody follows it');

// Every process numbers its lines, about 250 KB of them a second, and says when it ends.
const TALKER = `
const id = \`\${process.argv[2]}-\${process.env.HOP3_RELEASE}-\${Math.random().toString(36).slice(2)}\`;
let n = 0;
const talk = () => { let text = ''; for (let i = 0; i < 30; i += 1) text += \`\${id} \${n++} \${'.'.repeat(140)}\\n\`; process.stdout.write(text); };
const talking = setInterval(talk, 20);
process.on('SIGTERM', () => { clearInterval(talking); process.stdout.write(\`\${id} \${n} end\\n\`, () => process.exit(0)); });
if (process.argv[2] === 'web') {
  const { createServer } = await import('node:http');
  createServer((_request, response) => response.end(id)).listen(process.env.PORT, process.env.BIND_ADDRESS);
}
`;
const APP = {
  ...runtime(`workers.web = "\${pkgs.nodejs}/bin/node \${./talker.mjs} web"; workers.queue = "\${pkgs.nodejs}/bin/node \${./talker.mjs} queue";`),
  'talker.mjs': TALKER,
};

test.before(async (context) => {
  context.world = await World.start();
  context.repo = await context.world.repo('shop', APP);
});
test.after(async ({ world }) => { await world.stop(); });

interface Line { readonly worker: string; readonly release: string; readonly at: string; readonly text: string }

/** `hop3 logs --tail --json` with these flags, and what it printed so far. */
function follow(world: World, ...flags: string[]): { lines: () => Line[]; told: () => string; end: () => Promise<number | null> } {
  const child = spawn(join(CHECKOUT, 'bin/hop3'), ['logs', '--tail', '--json', '--app', 'shop', ...flags], { env: world.env, cwd: world.home });
  let printed = '';
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { told += text; });
  child.stdout.setEncoding('utf8').on('data', (text: string) => { printed += text; });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    lines: () => printed.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line),
    told: () => told,
    end: () => { child.kill('SIGINT'); return ended; },
  };
}

/** The numbers of each process, in the order they came, and which processes said that they end. */
function byProcess(lines: readonly Line[]): Map<string, { numbers: number[]; ended: boolean; where: Set<string> }> {
  const found = new Map<string, { numbers: number[]; ended: boolean; where: Set<string> }>();
  for (const { text, worker, release } of lines) {
    const [, id, number, rest] = /^(\S+-v\d+-\w+) (\d+) (end|\.+)$/.exec(text) ?? [];
    if (id === undefined) {
      assert.match(text, /^hop3: /, `a line in pieces: ${text}`);
      continue;
    }
    const process = found.get(id) ?? { numbers: [], ended: false, where: new Set() };
    found.set(id, process);
    process.numbers.push(Number(number));
    process.where.add(`${worker} ${release}`);
    if (rest === 'end') process.ended = true;
  }
  return found;
}

test('no line is lost or comes twice: pushes, restarts, scaling, new variables and rotated files meanwhile', async ({ world, repo }) => {
  assert.is((await repo.push()).code, 0);
  const following = follow(world, '-n', '0');
  const late = follow(world, '-n', '500', '--worker', 'queue');
  await until('lines', () => following.lines().length > 100 && late.lines().length > 100);
  const deploys: [string, () => Promise<{ code: number | null; output: string }>][] = [
    ['push', async () => { await repo.commit('two', { 'note.txt': 'two' }); return repo.push(); }],
    ['scale', () => world.hop3('ps', 'scale', 'web=2', '--app', 'shop')],
    ['restart', () => world.hop3('restart', '--app', 'shop')],
    ['variables', () => world.hop3('env', 'set', 'A=b', '--app', 'shop')],
    ['rollback', () => world.hop3('rollback', 'v1', '--app', 'shop')],
  ];
  for (const [what, deploy] of deploys) {
    const done = await deploy();
    assert.is(done.code, 0, `${what}: ${done.output}`);
  }
  const ended = () => [...byProcess(following.lines()).values()].filter((process) => process.ended).length;
  // Two processes of the first release, three of each of the four after it but the last.
  await until('the old processes to say that they end', () => ended() === 2 + 2 + 3 + 3 + 3, 60);
  assert.is(await following.end(), 130);
  assert.is(await late.end(), 130);
  const rotated = readdirSync(join(world.root, 'apps/shop/logs'), { recursive: true }).filter((name) => /@[0-9a-f]{24}\.s$/.test(String(name)));
  assert.ok(rotated.length > 0, 'files were rotated meanwhile');
  for (const [who, lines] of [['from now on', following.lines()], ['from 500 lines back', late.lines()]] as const) {
    const processes = byProcess(lines);
    assert.ok(processes.size >= 6, [...processes.keys()].join(' '));
    for (const [id, { numbers, where }] of processes) {
      const broken = numbers.findIndex((number, at) => number !== numbers[0]! + at);
      assert.is(broken, -1, `${who}: ${id} goes ${numbers.slice(broken - 2, broken + 3).join(' ')}`);
      assert.is(where.size, 1, `${id} is in one place: ${[...where].join(', ')}`);
    }
    const whole = [...processes.values()].filter(({ numbers }) => numbers[0] === 0).length;
    assert.ok(whole >= processes.size - 2, 'of processes that started meanwhile it is there from the first line');
  }
  assert.ok([...byProcess(following.lines()).values()].some(({ where }) => where.has('web.2 v2')), 'the process that scaling added is there');
});

test('the log goes on over a server that is killed, one that restarts, and a Hop3 that is stopped and started', async ({ world }) => {
  const following = follow(world, '-n', '5');
  await until('lines', () => following.lines().length > 100);
  const answers = async () => (await world.api('/healthz').catch(() => null))?.status === 200;
  const ends: [string, () => Promise<unknown>][] = [
    ['killed', async () => { process.kill(await world.serverPid(), 'SIGKILL'); }],
    ['ended in good order', async () => { process.kill(await world.serverPid(), 'SIGTERM'); }],
    ['all stopped', async () => { assert.is((await world.hop3('down')).code, 0); await world.up(); }],
  ];
  for (const [how, end] of ends) {
    const before = await world.serverPid();
    await end();
    await until(`a server again after ${how}`, async () => (await world.serverPid()) !== before && (await answers()), 60);
    const known = following.lines().length;
    await until(`lines after ${how}`, () => following.lines().length > known + 100, 60);
  }
  assert.is(await following.end(), 130);
  assert.match(following.told(), 'The server went away; the app is not touched by that. The log goes on when it is there again (Ctrl-C ends this).');
  assert.is(following.told().match(/The server is there again\./g)?.length, 3, following.told());
  const processes = byProcess(following.lines());
  // What ran at first, and what ran after all was stopped.
  assert.ok(processes.size >= 4, [...processes.keys()].join(' '));
  for (const [id, { numbers }] of processes) {
    const broken = numbers.findIndex((number, at) => number !== numbers[0]! + at);
    assert.is(broken, -1, `${id} goes ${numbers.slice(broken - 2, broken + 3).join(' ')}`);
  }
  assert.ok([...processes.values()].some(({ ended, numbers }) => ended && numbers.length > 100), 'the last words before all was stopped are there');
});

test('a text is looked for on the server, back to past releases and while following', async ({ world, repo }) => {
  const found = await world.hop3('logs', '--app', 'shop', '--release', 'v1', '--worker', 'queue', '--grep', ' 7 ..', '--json');
  const { lines } = JSON.parse(found.stdout) as { lines: Line[] };
  assert.ok(lines.length > 0, found.output);
  assert.ok(lines.every(({ text, worker, release }) => /^queue-v1-\w+ 7 /.test(text) && worker === 'queue.1' && release === 'v1'), found.stdout);
  const unknown = await world.hop3('logs', '--app', 'shop', '--tail', '--release', 'v6');
  assert.is(unknown.code, 3, unknown.output);
  assert.match(unknown.stderr, 'shop has no release v6.');
  const next = follow(world, '-n', '0', '--grep', 'QUEUE-V5');
  await repo.commit('three', { 'note.txt': 'three' });
  assert.is((await repo.push('-f', 'hop3', 'main')).code, 0);
  await until('its lines', () => next.lines().length > 10);
  assert.ok(next.lines().every(({ text }) => text.startsWith('queue-v5-')));
  await next.end();
  const since = await world.hop3('logs', '--app', 'shop', '--since', '2027-01-01', '-n', '5');
  assert.is(since.stdout, '');
  assert.match(since.stderr, 'No line fits.');
  const wrong = await world.hop3('logs', '--app', 'shop', '--since', 'yesterday');
  assert.is(wrong.code, 2);
  assert.match(wrong.stderr, '--since takes a span or a moment, got "yesterday".');
});

test('who follows an app that is destroyed is told so', async ({ world }) => {
  const child = spawn(join(CHECKOUT, 'bin/hop3'), ['logs', '--tail', '--app', 'shop'], { env: world.env, cwd: world.home });
  let told = '';
  let connected = false;
  child.stdout.once('data', () => { connected = true; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { told += text; });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await until('the first line', () => connected);
  assert.is((await world.hop3('app', 'destroy', '--app', 'shop', '--confirm=shop')).code, 0);
  assert.is(await code, 3, told);
  assert.match(told, 'shop was destroyed.');
});

test.run();
