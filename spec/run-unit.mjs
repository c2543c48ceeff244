// Runs the unit specs that are named as arguments, one after the other in this process.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { FILE_BEGINS, FILE_ENDS } from './run-summary.mjs';

globalThis.UVU_DEFER = 1; // uvu then waits for exec() instead of running by a timer
const uvu = await import('uvu');
const environment = { ...process.env };
const directory = process.cwd();
const stray = [];
process.on('unhandledRejection', (error) => stray.push(error));
process.on('uncaughtException', (error) => stray.push(error));

/** Seconds for one file. A test that never ends would go on beside the next file's tests, so the process ends there. */
const FILE_LIMIT = 60;

let failed = false;
for (const file of process.argv.slice(2)) {
  const began = Date.now();
  process.stdout.write(`\n${FILE_BEGINS}${file}\n`);
  const ok = await runFile(file);
  if (!ok) failed = true;
  process.stdout.write(`${FILE_ENDS}${ok ? 'ok' : 'failed'} ${Date.now() - began}\n`);
}
// A spec may have left a timer or a socket open; nothing waits for those.
process.exit(failed ? 1 : 0);

async function runFile(file) {
  globalThis.UVU_QUEUE.length = 0;
  globalThis.UVU_QUEUE.push([null]);
  process.exitCode = 0;
  const limit = setTimeout(() => {
    console.log(`\nNot finished after ${FILE_LIMIT} s.`);
    process.exit(1);
  }, FILE_LIMIT * 1000);
  try {
    await import(pathToFileURL(resolve(directory, file)).href);
    await uvu.exec();
    await pause(0); // a rejection that nobody awaits is told only after this turn
  } catch (error) {
    stray.push(error);
  }
  clearTimeout(limit);
  process.env = { ...environment };
  process.chdir(directory);
  const problems = stray.splice(0);
  for (const error of problems) console.log(`Outside any test: ${error?.stack ?? error}`);
  return problems.length === 0 && process.exitCode === 0;
}
