import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { askSuperviseStatus, isRead, labelsAhead, readSuperviseStatus } from '../../src/runtime/supervise-status.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { until } from './world.ts';

await asOrdinaryUser(import.meta.url);

const statuses = suite('what s6 knows of a service');
let home: string;
const supervisors: ChildProcess[] = [];

statuses.before(() => { home = mkdtempSync('/var/tmp/hop3-status-'); });
statuses.after(async () => {
  // SIGTERM ends the service, then its supervisor.
  await Promise.all(supervisors.map(async (supervisor) => {
    supervisor.kill('SIGTERM');
    await once(supervisor, 'exit');
  }));
  rmSync(home, { recursive: true, force: true });
});

async function service(name: string, run: string): Promise<string> {
  const dir = join(home, name);
  mkdirSync(dir);
  writeFileSync(join(dir, 'run'), `#!/bin/sh\n${run}\n`, { mode: 0o755 });
  supervisors.push(spawn('s6-supervise', [dir], { stdio: 'ignore' }));
  await until('the supervisor', () => isRead(join(dir, 'supervise/control')));
  return dir;
}

/** Both ways, once the service has been in its state for a while: at first both say 0 s, whatever they take the time from. */
async function bothWays(dir: string) {
  await until('three seconds in one state', async () => (await askSuperviseStatus(dir)).seconds >= 3);
  const before = readSuperviseStatus(dir, await labelsAhead());
  const asked = await askSuperviseStatus(dir);
  const read = readSuperviseStatus(dir, await labelsAhead());
  // s6-svstat says it at some moment between the two; one second for what each cuts off.
  const told = `${before?.seconds} to ${read?.seconds} s in the file, ${asked.seconds} s as s6-svstat has it`;
  assert.ok(before !== null && read !== null && asked.seconds >= before.seconds - 1 && asked.seconds <= read.seconds + 1, told);
  return { read: { ...read, seconds: 0 }, asked: { ...asked, seconds: 0 } };
}

statuses('the file tells what s6-svstat tells: running, ended with a code, killed', async () => {
  const running = await service('running', 'exec sleep 600');
  await until('the service to run', async () => (await askSuperviseStatus(running)).up);
  const up = await bothWays(running);
  assert.is(up.read?.up, true);
  assert.equal(up.read, up.asked);

  execFileSync('s6-svc', ['-wD', '-T', '5000', '-k', '-d', running]);
  const killed = await bothWays(running);
  assert.is(killed.read?.signal, 9);
  assert.equal({ ...killed.read, pid: 0 }, { ...killed.asked, pid: 0 });

  const ended = await service('ended', 's6-svc -O .\nexit 3');
  await until('the service to end', async () => (await askSuperviseStatus(ended)).exitCode === 3);
  const code = await bothWays(ended);
  assert.is(code.read?.up, false);
  assert.is(code.read?.exitCode, 3);
  assert.equal({ ...code.read, pid: 0 }, { ...code.asked, pid: 0 });
});

statuses('a file of another form is not guessed at', async () => {
  const dir = await service('other', 'exec sleep 600');
  await until('the service to run', async () => (await askSuperviseStatus(dir)).up);
  truncateSync(join(dir, 'supervise/status'), 30);
  assert.is(readSuperviseStatus(dir, await labelsAhead()), null);
  assert.is(readSuperviseStatus(join(home, 'nowhere'), await labelsAhead()), null);
});

statuses.run();
