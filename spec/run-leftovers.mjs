// Finds and ends processes that a spec left behind. They are known by a variable in their environment.
import { readdirSync, readFileSync } from 'node:fs';

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Gives the processes 3 s to go by themselves, then TERM, then KILL.
 * @returns a line for each one that had to be ended
 */
export async function endLeftovers(mark) {
  for (let waited = 0; waited < 3000 && find(mark).length > 0; waited += 250) await pause(250);
  const left = find(mark);
  for (const { pid } of left) signal(pid, 'SIGTERM');
  for (let waited = 0; waited < 3000 && find(mark).length > 0; waited += 250) await pause(250);
  for (const { pid } of find(mark)) signal(pid, 'SIGKILL');
  return left.map(({ pid, command }) => `${pid} ${command}`);
}

function find(mark) {
  const found = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark)) continue;
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))) continue;
      found.push({ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').slice(0, 150) });
    } catch (error) {
      // Gone meanwhile, or another user's.
      if (!['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(error.code)) throw error;
    }
  }
  return found;
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes(error.code)) throw error;
  }
}
