import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cleanOutput, StreamingLog } from '../../src/log.ts';

const test = suite('the push log');

function logTo(lines: string[], options: { max?: number; heartbeatMs?: number } = {}): StreamingLog {
  return new StreamingLog({ sinks: [(text) => lines.push(text)], maxOutputBytes: options.max ?? 10_000, heartbeatMs: options.heartbeatMs ?? 100_000 });
}

test('the line shapes are Heroku\'s to the byte', () => {
  const lines: string[] = [];
  const log = logTo(lines);
  log.phase('Building');
  log.line('detail\nsecond');
  log.problem('Push rejected');
  log.close();
  assert.equal(lines, ['-----> Building\n', '       detail\n       second\n', ' !     Push rejected\n']);
});

test('a hidden value is shown by nobody, whole or line by line', () => {
  const lines: string[] = [];
  const log = logTo(lines);
  log.hide(['hunter2-hunter2', 'first-line-secret\nsecond-line-secret', 'yes']);
  log.output('password is hunter2-hunter2, yes');
  log.problem('second-line-secret');
  log.close();
  assert.equal(lines, ['       password is [hidden], yes\n', ' !     [hidden]\n']);
});

test('output beyond the limit is cut and counted before the next phase', () => {
  const lines: string[] = [];
  const log = logTo(lines, { max: 40 });
  for (let i = 0; i < 10; i += 1) log.output('ten chars.');
  log.phase('Done');
  log.close();
  assert.equal(lines, [
    '       ten chars.\n', '       ten chars.\n', '       (output beyond 40 bytes is not shown)\n',
    '       (8 lines of output were left out)\n', '-----> Done\n',
  ]);
});

test('terminal escapes, repaints and endless lines do not pass', () => {
  assert.is(cleanOutput('\u001b[31mred\u001b[0m \u001b]0;title\u0007x'), 'red x');
  assert.is(cleanOutput('10%\r20%'), '10%20%');
  assert.is(cleanOutput('bell\u0007'), 'bell\\u0007');
  assert.is(cleanOutput('a'.repeat(3000)).length, 2000 + '... (3000 characters)'.length);
});

test('silence is broken by a heartbeat that names the phase', async () => {
  const lines: string[] = [];
  const log = logTo(lines, { heartbeatMs: 5 });
  log.phase('Building with Nix');
  for (let i = 0; i < 200 && lines.length < 2; i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  log.close();
  assert.match(lines[1]!, /^ {7}\.\.\. still working after \d+ s \(Building with Nix\)\n$/);
});

test('silence while something is waited for says what; the next phase ends that', async () => {
  const lines: string[] = [];
  const log = logTo(lines, { heartbeatMs: 5 });
  const beat = async () => {
    const { length } = lines;
    for (let i = 0; i < 200 && lines.length === length; i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    return lines.at(-1)!;
  };
  log.waiting('shop is busy with the deploy of 1a2b3c4 by ann');
  assert.is(lines[0], '-----> Waiting: shop is busy with the deploy of 1a2b3c4 by ann\n');
  assert.match(await beat(), /^ {7}\.\.\. still waiting after \d+ s: shop is busy with the deploy of 1a2b3c4 by ann\n$/);
  log.phase('Receiving');
  assert.match(await beat(), /still working after \d+ s \(Receiving\)\n$/);
  log.close();
});

test.run();
