import { appendFileSync, linkSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAppName } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import { inodeOf, logFiles } from '../../src/runtime/log-files.ts';
import { GAP, LogTail, type LogPosition } from '../../src/runtime/log-tail.ts';
import { followLogs, readLogs, type LogFilter, type LogPositions } from '../../src/runtime/logs.ts';

const logs = suite('log files');
let root: string;
let dir: string;
logs.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'hop3-logs-'));
  dir = join(root, 'apps', 'shop', 'logs', 'web.1', 'v1.a');
  mkdirSync(dir, { recursive: true });
});
logs.after.each(() => rmSync(root, { recursive: true, force: true }));

const stamp = (second: number) => `2026-11-23 05:42:${String(second).padStart(2, '0')}.613961998  `;
const write = (...lines: string[]) => appendFileSync(join(dir, 'current'), lines.map((line, index) => `${stamp(index % 60)}${line}\n`).join(''));
let rotations = 0;
const current = () => join(dir, 'current');
const previous = () => join(dir, 'previous');
/** What s6-log does when a file is full, step by step: each is something that a reader may see. */
const steps = [
  () => renameSync(current(), previous()),
  () => writeFileSync(current(), ''),
  () => linkSync(previous(), join(dir, rotatedName((rotations += 1)))),
  () => rmSync(previous()),
];
const rotatedName = (number: number) => `@400000006b03d250${number.toString(16).padStart(8, '0')}.s`;
const rotate = () => { for (const step of steps) step(); };
const texts = (lines: readonly { readonly line: string }[]) => lines.map(({ line }) => line);
const shop = parseAppName('shop');
const last = async (filter: LogFilter & { lines: number }) => (await readLogs(new Paths(root), shop, filter)).entries;
const lastTexts = async (filter: LogFilter & { lines: number }) => texts(await last(filter));

logs('a line has its time in milliseconds, and its text as it was written', async () => {
  write('  two spaces, and more  ', '', 'grüße\r');
  assert.equal((await last({ lines: 10 })).map(({ time, line }) => [time, line]), [
    [Date.parse('2026-11-23T05:42:00.613Z'), '  two spaces, and more  '],
    [Date.parse('2026-11-23T05:42:01.613Z'), ''],
    [Date.parse('2026-11-23T05:42:02.613Z'), 'grüße'],
  ]);
});

logs('the last lines are found across rotated files', async () => {
  write('1', '2');
  rotate();
  write('3');
  rotate();
  write('4', '5');
  assert.equal(await lastTexts({ lines: 4 }), ['2', '3', '4', '5']);
  assert.equal(await lastTexts({ lines: 1 }), ['5']);
  assert.equal(await lastTexts({ lines: 99 }), ['1', '2', '3', '4', '5']);
  assert.equal(await lastTexts({ lines: 0 }), []);
});

logs('the last lines are whole at every moment of a rotation, and none is there twice', async () => {
  write('1');
  rotate();
  write('2', '3');
  for (const step of steps) {
    step();
    assert.equal(await lastTexts({ lines: 99 }), ['1', '2', '3']);
  }
});

logs('lines longer than what is read at a time, and files without a last line end, are read from either end alike', async () => {
  const long = (letter: string) => letter.repeat(150_000);
  write('first', long('a'), '', long('b'));
  rotate();
  appendFileSync(current(), `${stamp(9)}not ended`);
  const tail = new LogTail(dir, 'start');
  // Forward, very long ones come in pieces, which s6-log would have made of them anyway.
  assert.is(texts(tail.read()).join(''), `first${long('a')}${long('b')}`);
  tail.close();
  assert.equal(await lastTexts({ lines: 9 }), ['first', long('a'), '', long('b')]);
});

logs("a worker's last words without a line end are a line of their own", async () => {
  write('panic: no memoryhop3: web.1 ended with exit code 2', 'hop3: web.1 ended by signal 9');
  const want = ['panic: no memory', 'hop3: web.1 ended with exit code 2', 'hop3: web.1 ended by signal 9'];
  assert.equal(await lastTexts({ lines: 9 }), want);
  const tail = new LogTail(dir, 'start');
  assert.equal(texts(tail.read()), want);
  tail.close();
});

logs('at every moment of a rotation each line is given once, to whoever came before and to whoever comes in the middle', () => {
  write('old 1');
  rotate();
  write('old 2');
  rotate();
  write('before');
  const tails: { tail: LogTail; came: string; seen: string[] }[] = [];
  const join = (came: string) => tails.push({ tail: new LogTail(dir, 'end'), came, seen: [] });
  const read = () => { for (const one of tails) one.seen.push(...texts(one.tail.read())); };
  join('-');
  steps.forEach((step, at) => {
    step();
    join(String(at));
    read();
    if (at > 0) { write(`after step ${at}`); read(); }
  });
  rotate();
  write('end');
  read();
  const all = ['after step 1', 'after step 2', 'after step 3', 'end'];
  for (const { tail, came, seen } of tails) {
    assert.equal(seen, all.slice(Math.max(0, Number(came === '-' ? 0 : came) - 1)), `who came at ${came}`);
    tail.close();
  }
});

logs('a file that is being rotated is seen, whatever step comes between two names or between a name and its file', () => {
  const schedules = function* (count: number, from = 0): Generator<number[]> {
    if (count === 0) yield [];
    else for (let at = from; at <= steps.length; at += 1) for (const rest of schedules(count - 1, at)) yield [at, ...rest];
  };
  const hidden: string[] = [];
  // For each of three looks: after how many steps its listing begins, and after how many it looks at the files.
  for (const moments of schedules(6)) {
    for (const torn of [[true, true], [true, false], [false, true], [false, false]]) {
      rmSync(dir, { recursive: true });
      mkdirSync(dir);
      write('full');
      const full = inodeOf(current())!;
      let done = 0;
      const goTo = (moment: number) => { for (; done < moment; done += 1) steps[done]!(); };
      let looks = 0;
      const files = logFiles(dir, () => {
        goTo(moments[looks * 2] ?? steps.length);
        const names = readdirSync(dir);
        goTo(moments[looks * 2 + 1] ?? steps.length);
        const left = readdirSync(dir);
        looks += 1;
        // A listing that takes its time may miss a name that went and the one that came for it.
        return torn[looks - 1] === true ? names.filter((name) => left.includes(name)) : names;
      });
      goTo(steps.length);
      if (!files.some(({ inode }) => inode === full)) hidden.push(`${moments.join(' ')} ${torn.join(' ')}`);
    }
  }
  assert.equal(hidden, []);
});

logs('a clock that was set back repeats and loses nothing', () => {
  write('1');
  rotate();
  write('2');
  const tail = new LogTail(dir, 'start');
  assert.equal(texts(tail.read()), ['1', '2']);
  write('3');
  // The rotated name is older than the one before it.
  renameSync(current(), join(dir, rotatedName(0)));
  writeFileSync(current(), '');
  write('4');
  assert.equal(texts(tail.read()), ['3', '4']);
  tail.close();
});

logs('reading a little at a time gives the same lines', () => {
  write(...Array.from({ length: 5000 }, (_, n) => `line ${n}`));
  rotate();
  write('last');
  const tail = new LogTail(dir, 'start');
  const seen: string[] = [];
  do seen.push(...texts(tail.read(64 * 1024))); while (tail.behind);
  assert.is(seen.length, 5001);
  assert.ok(seen.every((line, n) => line === (n === 5000 ? 'last' : `line ${n}`)));
  tail.close();
});

logs('following gives each line once, however often the file is rotated in between', () => {
  write('1');
  const tail = new LogTail(dir, 'end');
  assert.equal(tail.read(), []);
  write('2');
  assert.equal(texts(tail.read()), ['2']);
  write('3');
  rotate();
  write('4');
  rotate();
  write('5');
  assert.equal(texts(tail.read()), ['3', '4', '5']);
  assert.equal(tail.read(), []);
  tail.close();
});

logs('following goes on when its file was removed unread, and says so', () => {
  write('1');
  const tail = new LogTail(dir, 'start');
  assert.equal(texts(tail.read()), ['1']);
  rmSync(current());
  write('2');
  assert.equal(texts(tail.read()), [GAP, '2']);
  tail.close();
});

logs('following begins before there is a file', () => {
  for (const from of ['start', 'end'] as const) {
    const tail = new LogTail(dir, from);
    assert.equal(tail.read(), []);
    write('first');
    assert.equal(texts(tail.read()), ['first']);
    tail.close();
    rmSync(join(dir, 'current'));
  }
});

logs('a line that is not ended yet is given when it is', () => {
  const tail = new LogTail(dir, 'start');
  appendFileSync(join(dir, 'current'), `${stamp(1)}hal`);
  assert.equal(tail.read(), []);
  appendFileSync(join(dir, 'current'), 'f\n');
  assert.equal(texts(tail.read()), ['half']);
  tail.close();
});

logs('workers and releases come in the order of time', async () => {
  const other = join(new Paths(root).workerLogs(shop), 'queue.1', 'v2.b');
  mkdirSync(other, { recursive: true });
  mkdirSync(join(new Paths(root).workerLogs(shop), 'web.1', 'not-a-log'));
  writeFileSync(join(dir, 'current'), `${stamp(1)}one\n${stamp(3)}three\n`);
  writeFileSync(join(other, 'current'), `${stamp(2)}two\n`);
  assert.equal((await last({ lines: 10 })).map((entry) => `${entry.release} ${entry.worker} ${entry.line}`), ['v1 web.1 one', 'v2 queue.1 two', 'v1 web.1 three']);
  assert.equal(await lastTexts({ lines: 2 }), ['two', 'three']);
  assert.equal(await lastTexts({ lines: 5, worker: 'web' }), ['one', 'three']);
  assert.equal(await lastTexts({ lines: 5, worker: 'we' }), []);
  assert.equal(await lastTexts({ lines: 5, release: 'v2' }), ['two']);
  assert.equal(await readLogs(new Paths(root), parseAppName('other'), { lines: 5 }), { entries: [], complete: true });
});

logs('a text is looked for in upper and lower case, through colours, and across files', async () => {
  write('Error: one', 'fine', '\u001b[31mERR\u001b[1mOR\u001b[0m: two');
  rotate();
  write('no error at all', 'fine too');
  assert.equal(await lastTexts({ lines: 99, text: 'error' }), ['Error: one', '\u001b[31mERR\u001b[1mOR\u001b[0m: two', 'no error at all']);
  assert.equal(await lastTexts({ lines: 1, text: 'error:' }), ['\u001b[31mERR\u001b[1mOR\u001b[0m: two']);
  assert.equal(await lastTexts({ lines: 9, text: '.*' }), [], 'a text, no pattern');
});

logs('lines before a moment are left out', async () => {
  write('0', '1');
  rotate();
  appendFileSync(current(), `${stamp(5)}5\n${stamp(6)}6\n`);
  const since = Date.parse('2026-11-23T05:42:01Z');
  assert.equal(await lastTexts({ lines: 99, since }), ['1', '5', '6']);
  assert.equal(await lastTexts({ lines: 1, since }), ['6']);
});

logs('old releases are not read while newer lines are enough', async () => {
  const logsDir = new Paths(root).workerLogs(shop);
  const old = join(logsDir, 'web.1', 'v1.b');
  mkdirSync(old);
  write('new');
  // A file that pretends to be old: what is in it would be shown if it was looked at.
  writeFileSync(join(old, 'current'), '2027-01-01 00:00:00.000000000  not looked at\n');
  utimesSync(join(old, 'current'), 1, 1);
  assert.equal(await lastTexts({ lines: 1 }), ['new']);
});

logs('a slow reader gets every line, each once', async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  write('known');
  const following = followLogs(new Paths(root), shop, { lines: 5 }, { onLine: async ({ line }) => {
    seen.push(line);
    if (seen.length % 100 === 0) await delay(1);
  } }, stop.signal);
  for (let n = 0; n < 2000; n += 1) {
    if (n % 250 === 0) { rotate(); await delay(5); }
    write(`line ${n}`);
  }
  while (seen.at(-1) !== 'line 1999') await delay(5);
  stop.abort();
  await following;
  assert.equal(seen, ['known', ...Array.from({ length: 2000 }, (_, n) => `line ${n}`)]);
});

/** Follows until `enough` lines came behind the last position; gives the lines that a client would have shown, and the positions then. */
async function followFrom(from: LogPositions | undefined, enough: (shown: readonly string[]) => boolean, options: LogFilter & { lines?: number } = {}): Promise<{ shown: string[]; places: LogPositions }> {
  const stop = new AbortController();
  const shown: string[] = [];
  let pending: string[] = [];
  let places: LogPositions = from ?? {};
  await followLogs(new Paths(root), shop, { ...options, from }, {
    onLine: ({ line }) => pending.push(line),
    onPositions: (changed) => {
      shown.push(...pending);
      pending = [];
      places = Object.fromEntries(Object.entries({ ...places, ...changed }).filter((entry): entry is [string, LogPosition] => entry[1] !== null));
      if (enough(shown)) stop.abort();
    },
  }, stop.signal);
  return { shown, places };
}

logs('a follower that comes back goes on behind what it got: in the same file, after rotation, in places that are new', async () => {
  write('one', 'two');
  const first = await followFrom(undefined, ({ length }) => length === 1, { lines: 1 });
  assert.equal(first.shown, ['two']);
  // A line whose end is not written yet belongs to whoever reads it whole.
  appendFileSync(current(), `${stamp(0)}thr`);
  const nothing = await followFrom(first.places, () => true);
  assert.equal(nothing.shown, []);
  appendFileSync(current(), 'ee\n');
  write('four');
  rotate();
  write('five');
  rotate();
  write('six');
  const other = join(dir, '..', '..', 'web.2', 'v1.b');
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, 'current'), `${stamp(0)}of another\n`);
  const second = await followFrom(nothing.places, ({ length }) => length >= 5);
  assert.equal(second.shown.filter((line) => line !== 'of another'), ['three', 'four', 'five', 'six']);
  assert.is(second.shown.filter((line) => line === 'of another').length, 1);
  const third = await followFrom(second.places, () => true);
  assert.equal(third.shown, []);
});

logs('a follower that comes back after its file was thrown away is told so', async () => {
  write('one');
  const first = await followFrom(undefined, ({ length }) => length === 1, { lines: 1 });
  rotate();
  write('two');
  rotate();
  write('three');
  rmSync(join(dir, readdirSync(dir).filter((name) => name.startsWith('@')).sort()[0]!));
  // The number of a file that is gone is given again.
  const second = await followFrom(first.places, ({ length }) => length >= 3);
  assert.equal(second.shown, [GAP, 'two', 'three']);
});

logs('following looks for a text too, and ends when the app is gone', async () => {
  const seen: string[] = [];
  let there = true;
  write('old error', 'old');
  const following = followLogs(new Paths(root), shop, { lines: 9, text: 'error' }, { onLine: ({ line }) => seen.push(line) }, new AbortController().signal, () => there);
  await delay(20);
  write('quiet', 'new ERROR');
  while (seen.length < 2) await delay(5);
  there = false;
  await following;
  assert.equal(seen, ['old error', 'new ERROR']);
});

logs.run();
