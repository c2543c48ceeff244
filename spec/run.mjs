// Runs the specs: node spec/run.mjs [unit|e2e|all|torture] [filter]
//
// Unit specs share one process; an e2e spec has a process group of its own, with a limit (`// limit: 400` in a file's
// first lines gives it another, in seconds). Two e2e specs run side by side, and beside them one of those that say `// waits`
// in their first lines (most of their time is the clock's, not the machine's); one that says `// alone` (it measures, or
// changes the machine) runs by itself. The last line is always `N passed, N failed`, in tests.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readableCheckout } from './run-checkout.mjs';
import { endLeftovers } from './run-leftovers.mjs';
import { readSummary, skipReasons, splitByFile } from './run-summary.mjs';

const UNIT_LIMIT = 180;
const E2E_LIMIT = 240;
/** Seconds for everything, below what a CI run is given; the long forms have as much as they say. */
const TOTAL_LIMIT = Number(process.env.SPEC_TOTAL_LIMIT ?? (process.argv[2] === 'torture' ? 14_400 : 4200));

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MARK = `HOP3_SPEC_RUN=${process.pid}-${Date.now()}`;
const LANES = Number(process.env.SPEC_LANES ?? Math.min(2, cpus().length));
const started = Date.now();
let passed = 0;
let failed = 0;
let runs = 0;
/** The running process groups, and the mark that their processes carry. */
const running = new Map();

const [what = 'all', filter = ''] = process.argv.slice(2);
if (!['unit', 'e2e', 'all', 'torture'].includes(what)) {
  console.error('Usage: node spec/run.mjs [unit|e2e|all|torture] [filter]\nThe filter is a part of the file name.');
  process.exit(2);
}

const checkout = readableCheckout(ROOT);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
if (checkout.copied) console.log(`An ordinary user cannot read ${ROOT}: the specs run in a copy, ${checkout.dir}`);

const unit = ['unit', 'all'].includes(what) ? find('unit') : [];
const e2e = ['e2e', 'all'].includes(what) ? find('e2e') : [];
// The long forms: each by itself, since they load the machine.
const torture = what === 'torture' ? find('torture') : [];
if (unit.length + e2e.length + torture.length === 0) {
  console.log(`No spec matches "${filter}".`);
  failed++;
}
if (unit.length > 0) await runUnit(unit);
// What takes long goes first, or a lane would be empty at the end.
const together = e2e.filter((file) => !says(file, 'alone') && !says(file, 'waits')).sort((a, b) => limitOf(b) - limitOf(a));
const waiting = e2e.filter((file) => says(file, 'waits'));
await Promise.all([...Array.from({ length: LANES }, () => lane(together)), lane(waiting)]);
for (const file of e2e.filter((one) => says(one, 'alone'))) await runE2e(file);
for (const file of torture) await runE2e(file);

checkout.remove();
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

function find(kind) {
  const dir = join('spec', kind);
  if (!existsSync(join(checkout.dir, dir))) return [];
  return readdirSync(join(checkout.dir, dir))
    .filter((name) => name.endsWith('.spec.ts') && name.includes(filter))
    .sort()
    .map((name) => join(dir, name));
}

async function runUnit(files) {
  const end = await run(['--import', 'tsx', 'spec/run-unit.mjs', ...files], secondsLeft(UNIT_LIMIT));
  const parts = splitByFile(end.output);
  for (const file of files) {
    const part = parts.get(file);
    if (part === undefined) report(file, { passed: 0, failed: 1, why: 'did not run: an earlier file ended the process' }, null, '');
    else report(file, readSummary(part.output, part.failed), part.seconds, part.output);
  }
  if (end.timedOut) problem('unit specs', `were ended after ${end.limit} s`, end.output);
  else if (end.code !== 0 && failed === 0) problem('unit specs', `ended with ${end.code}`, end.output);
  await tidy('unit specs', end.mark);
}

async function lane(files) {
  for (let file = files.shift(); file !== undefined; file = files.shift()) await runE2e(file);
}

async function runE2e(file) {
  const limit = secondsLeft(limitOf(file));
  if (limit <= 0) return problem(file, `did not run: the ${TOTAL_LIMIT} s for all specs are over`, '');
  const end = await run(['--import', 'tsx', file], limit);
  const summary = readSummary(end.output, end.code !== 0 || end.timedOut);
  if (end.timedOut) summary.why = `was ended after its limit of ${limit} s`;
  else if (summary.why === null && summary.failed > 0 && end.code !== 0) summary.why = `exit ${end.code}`;
  report(file, summary, end.seconds, end.output);
  await tidy(file, end.mark);
}

function limitOf(file) {
  return Number(/^\/\/ limit: (\d+)/m.exec(headOf(file))?.[1] ?? E2E_LIMIT);
}

function says(file, word) {
  return new RegExp(`^// ${word}\\b`, 'm').test(headOf(file));
}

function headOf(file) {
  return readFileSync(join(checkout.dir, file), 'utf8').split('\n', 10).join('\n');
}

function secondsLeft(limit) {
  return Math.min(limit, Math.floor(TOTAL_LIMIT - (Date.now() - started) / 1000));
}

/** One node process in its own group, ended with all of the group at the limit. */
function run(args, limit) {
  return new Promise((resolve) => {
    const began = Date.now();
    const mark = `${MARK}-${(runs += 1)}`;
    const child = spawn(process.execPath, args, { cwd: checkout.dir, env: specEnvironment(mark), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.set(child.pid, mark);
    let output = '';
    let timedOut = false;
    const collect = (chunk) => { if (output.length < 16_000_000) output += chunk; };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    const timer = setTimeout(() => { timedOut = true; killGroup(child.pid, 'SIGTERM'); }, limit * 1000);
    const killer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), limit * 1000 + 5000);
    // `exit`, not `close`: a process left behind may hold the pipe open.
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(killer);
      setTimeout(() => {
        killGroup(child.pid, 'SIGKILL');
        child.stdout.destroy();
        child.stderr.destroy();
        running.delete(child.pid);
        resolve({ mark, code: code ?? signal, output, timedOut, limit, seconds: (Date.now() - began) / 1000 });
      }, 50);
    });
  });
}

/** The caller's own settings and git variables do not reach the specs. */
function specEnvironment(mark) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HOP3|GIT|npm)_/.test(name)));
  const [name, value] = mark.split('=');
  env[name] = value;
  env.NO_COLOR = '1';
  if (checkout.corpus !== null) env.HOP3_CORPUS = checkout.corpus;
  return env;
}

function report(file, summary, seconds, output) {
  passed += summary.passed;
  failed += summary.failed;
  const time = seconds === null ? '' : `  ${seconds.toFixed(1)} s`;
  const skips = skipReasons(output);
  const skipped = summary.skipped ? `, ${summary.skipped} skipped` : '';
  console.log(`${summary.failed > 0 ? 'FAIL' : 'ok  '}  ${file}  (${summary.passed} passed, ${summary.failed} failed${skipped})${time}`);
  for (const line of skips) console.log(`      ${line}`);
  if (summary.failed > 0) printOutput(output, summary.why);
}

function problem(file, why, output) {
  failed++;
  console.log(`FAIL  ${file}: ${why}`);
  if (output !== '') printOutput(output, null);
}

function printOutput(output, why) {
  const lines = output === '' ? [] : output.trimEnd().split('\n');
  if (lines.length > 300) console.log(`      | (${lines.length - 300} earlier lines are left out)`);
  for (const line of lines.slice(-300)) console.log(`      | ${line}`);
  if (why) console.log(`      ${why}`);
}

async function tidy(file, mark) {
  const left = await endLeftovers(mark);
  if (left.length > 0) problem(file, `left ${left.length} processes behind, ended now:\n${left.map((line) => `      ${line}`).join('\n')}`, '');
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function stop(signal) {
  console.log(`\n${signal}: stopping`);
  for (const pid of running.keys()) killGroup(pid, 'SIGKILL');
  await Promise.all([...running.values()].map((mark) => endLeftovers(mark)));
  checkout.remove();
  process.exit(130);
}
