import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAppName } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import { LogTail, readLogDir } from '../../src/runtime/log-tail.ts';
import { readLogs } from '../../src/runtime/logs.ts';

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
const write = (...lines: string[]) => appendFileSync(join(dir, 'current'), lines.map((line, index) => `${stamp(index)}${line}\n`).join(''));
let rotations = 0;
/** What s6-log does when a file is full. */
const rotate = () => {
  rotations += 1;
  renameSync(join(dir, 'current'), join(dir, `@400000006b03d250${rotations.toString(16).padStart(8, '0')}.s`));
  writeFileSync(join(dir, 'current'), '');
};
const texts = (lines: readonly { readonly line: string }[]) => lines.map(({ line }) => line);

logs('a line has its time in milliseconds, and its text as it was written', () => {
  write('  two spaces, and more  ', '');
  assert.equal(readLogDir(dir, 10), [
    { time: Date.parse('2026-11-23T05:42:00.613Z'), line: '  two spaces, and more  ' },
    { time: Date.parse('2026-11-23T05:42:01.613Z'), line: '' },
  ]);
});

logs('the last lines are found across rotated files', () => {
  write('1', '2');
  rotate();
  write('3');
  rotate();
  write('4', '5');
  assert.equal(texts(readLogDir(dir, 4)), ['2', '3', '4', '5']);
  assert.equal(texts(readLogDir(dir, 1)), ['5']);
  assert.equal(texts(readLogDir(dir, 99)), ['1', '2', '3', '4', '5']);
  assert.equal(readLogDir(join(dir, 'nowhere'), 5), []);
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

logs('following goes on when its file was removed by rotation', () => {
  write('1');
  const tail = new LogTail(dir, 'start');
  assert.equal(texts(tail.read()), ['1']);
  rmSync(join(dir, 'current'));
  write('2');
  assert.equal(texts(tail.read()), ['2']);
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

logs('workers and releases come in the order of time', () => {
  const paths = new Paths(root);
  const shop = parseAppName('shop');
  const other = join(paths.workerLogs(shop), 'queue.1', 'v2.b');
  mkdirSync(other, { recursive: true });
  mkdirSync(join(paths.workerLogs(shop), 'web.1', 'not-a-log'));
  writeFileSync(join(dir, 'current'), `${stamp(1)}one\n${stamp(3)}three\n`);
  writeFileSync(join(other, 'current'), `${stamp(2)}two\n`);
  assert.equal(readLogs(paths, shop, { lines: 10 }).map((entry) => `${entry.release} ${entry.worker} ${entry.line}`), ['v1 web.1 one', 'v2 queue.1 two', 'v1 web.1 three']);
  assert.equal(texts(readLogs(paths, shop, { lines: 2 })), ['two', 'three']);
  assert.equal(texts(readLogs(paths, shop, { lines: 5, worker: 'web' })), ['one', 'three']);
  assert.equal(texts(readLogs(paths, shop, { lines: 5, worker: 'we' })), []);
  assert.equal(texts(readLogs(paths, shop, { lines: 5, release: 'v2' })), ['two']);
  assert.equal(readLogs(paths, parseAppName('other'), { lines: 5 }), []);
});

logs.run();
