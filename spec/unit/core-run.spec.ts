import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { caught } from '../caught.ts';
import { run, runOk } from '../../src/run.ts';

const test = suite('running programs');
const sh = (script: string, limit = 20) => ({ file: 'sh', args: ['-c', script], limit });

test('stdout is the answer, both streams are told line by line', async () => {
  const lines: string[] = [];
  const finished = await run(sh('echo out; echo err >&2; printf last'), { onLine: (line, stream) => lines.push(`${stream} ${line}`) });
  assert.is(finished.stdout, 'out\nlast');
  assert.equal(lines.sort(), ['stderr err', 'stdout last', 'stdout out']);
});

test('arguments arrive unchanged, whatever they hold', async () => {
  const hostile = ['', ' ', '$(id)', '`id`', "'", '"', '\\', '*', ';rm', '\n', '-n', 'ü', '--'];
  const out = await runOk({ file: 'node', args: ['-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...hostile], limit: 20 });
  assert.equal(JSON.parse(out), hostile);
});

test('the server\'s own environment is not inherited', async () => {
  process.env['HOP3_TEST_CANARY'] = 'canary';
  process.env['GIT_DIR'] = '/wrong';
  const out = await runOk({ file: 'env', args: [], limit: 20, env: { ONLY: 'this' } });
  delete process.env['GIT_DIR'];
  delete process.env['HOP3_TEST_CANARY'];
  assert.not.match(out, 'canary');
  assert.not.match(out, 'GIT_DIR');
  assert.match(out, 'ONLY=this');
});

test('a failing program gives its exit code and last words', async () => {
  const error = await caught(runOk(sh('echo no such luck >&2; exit 3')));
  assert.is(error.code, 'HOP3_COMMAND_FAILED');
  assert.match(error.what, 'exit code 3');
  assert.is(error.why, 'no such luck');
});

test('a program that is not installed says so', async () => {
  const error = await caught(run({ file: 'no-such-program', args: [], limit: 5 }));
  assert.is(error.code, 'HOP3_TOOL_MISSING');
});

test('the limit ends the whole group, also a program that ignores SIGTERM', async () => {
  const finished = await run(sh('trap "" TERM; sleep 60 & echo $!; wait', 0.1));
  assert.ok(finished.timedOut);
  assert.is(finished.signal, 'SIGKILL');
  assert.ok(await gone(Number(finished.stdout)), 'the grandchild is gone');
});

test('cancelling ends the whole group', async () => {
  const stop = new AbortController();
  const finished = await run(sh('sleep 60 & echo $!; wait'), { signal: stop.signal, onLine: () => stop.abort() });
  assert.ok(finished.cancelled);
  assert.ok(await gone(Number(finished.stdout)), 'the grandchild is gone');
});

test('a cancel while the program is being started is not lost', async () => {
  const stop = new AbortController();
  const running = run(sh('sleep 60'), { signal: stop.signal });
  stop.abort();
  const finished = await running;
  assert.is(finished.cancelled, true);
  assert.is(finished.signal, 'SIGTERM');
});

test('a grandchild that keeps the pipe open does not keep us', async () => {
  const finished = await run(sh('setsid sleep 5 & echo started'));
  assert.is(finished.code, 0);
  assert.is(finished.stdout, 'started\n');
});

test('endless output is not kept in memory, and never taken for an answer', async () => {
  const before = process.memoryUsage().rss;
  const finished = await run(sh('head -c 150000000 /dev/zero | tr "\\0" "x"'), { keepStdout: 0 });
  assert.is(finished.stdout, '');
  assert.ok(process.memoryUsage().rss - before < 75_000_000, 'memory stays flat');
  const error = await caught(runOk(sh('head -c 2000 /dev/zero'), { keepStdout: 1000 }));
  assert.match(error.what, 'more than 1000 bytes');
});

/** Waits for the kernel to take a killed process away; a zombie that nobody reaped yet counts as gone. */
async function gone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    if (stat === null || /\) Z /.test(stat)) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

test.run();
