// limit: 500
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limitStories } from './limit-stories.ts';

/**
 * Limits by cgroup v2. Most machines that run specs let nobody make cgroups, so the stories are told inside a Linux of their own: Debian's
 * user-mode-linux is a kernel that is an ordinary program, with this machine's files as its root, read-only. As in a systemd
 * unit with Delegate=yes, an ordinary user owns one cgroup there and nothing else.
 */
const INSIDE = process.env['HOP3_SPEC_INSIDE'] === 'cgroup';
const KERNEL = ['/usr/bin/linux.uml', '/usr/bin/linux'].find((file) => existsSync(file));
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

if (INSIDE) {
  const test = suite('limits by cgroup v2');
  limitStories(test, 'cgroup');
  test.run();
} else if (KERNEL === undefined) {
  process.stdout.write('skipped: limits by cgroup v2 are tried in a Linux of their own; apt-get install user-mode-linux\n');
} else if (!(await canRunPrograms(KERNEL))) {
  process.stdout.write("skipped: user-mode Linux cannot run a program on this processor, whose registers it has no room for (ptrace set fp regs failed)\n");
} else {
  const outside = suite('limits by cgroup v2, in a Linux of their own');
  outside('its stories come out well', async () => {
    const { code, output } = await runInside(KERNEL);
    process.stdout.write(output);
    assert.is(code, 0, output);
    assert.match(output, /Passed: +\d/);
  });
  outside.run();
}

/** The kernel's buffer for floating-point registers is of a fixed size; processors with larger ones (AMX) are beyond it. */
async function canRunPrograms(kernel: string): Promise<boolean> {
  return !(await boot(kernel, 'mount -t proc proc /proc', 60)).includes('ptrace set fp regs failed');
}

/** Runs this file inside, as an ordinary user whose cgroup is delegated to it. */
async function runInside(kernel: string): Promise<{ readonly code: number; readonly output: string }> {
  // Whoever runs the spec: the files of the checkout and the kernel's own memory are this user's.
  const user = process.getuid?.() === 0 ? 'nobody' : String(process.getuid?.());
  const group = process.getuid?.() === 0 ? 'nogroup' : String(process.getgid?.());
  const output = await boot(kernel, `mount -t proc proc /proc
dmesg -n 1
mount -t sysfs sys /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=1777 tmpfs /run
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t devpts devpts /dev/pts
chmod 666 /dev/null /dev/zero /dev/full /dev/random /dev/urandom
ip link set lo up
# What systemd does for a unit with Delegate=yes and User=.
echo "+memory +pids +cpu" >/sys/fs/cgroup/cgroup.subtree_control || echo "+memory +pids" >/sys/fs/cgroup/cgroup.subtree_control
unit=/sys/fs/cgroup/hop3.service
mkdir $unit
chown ${user}:${group} $unit $unit/cgroup.procs $unit/cgroup.subtree_control $unit/cgroup.threads
echo $$ >$unit/cgroup.procs
cd ${CHECKOUT}
env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run TMPDIR=/run LANG=C.UTF-8 NO_COLOR=1 HOP3_SPEC_INSIDE=cgroup \\
  setpriv --reuid=${user} --regid=${group} --clear-groups ${process.execPath} --import tsx ${fileURLToPath(import.meta.url)} 2>&1
echo "spec ended with $?"`, 450);
  const code = /^spec ended with (\d+)$/m.exec(output)?.[1];
  return { code: code === undefined ? -1 : Number(code), output: output.slice(output.indexOf('limits by cgroup') < 0 ? 0 : output.indexOf('limits by cgroup') - 1) };
}

/** Starts the kernel with a script as its first process, and gives what both printed. `limit` is in seconds. */
async function boot(kernel: string, script: string, limit: number): Promise<string> {
  const dir = mkdtempSync('/var/tmp/hop3-uml-');
  const init = join(dir, 'init');
  writeFileSync(init, `#!/bin/sh\n${script}\necho o >/proc/sysrq-trigger\nsleep 60\n`, { mode: 0o755 });
  const child = spawn(kernel, ['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', 'mem=1536M', `init=${init}`, 'con=null', 'con0=fd:0,fd:1', 'quiet'], {
    stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/bin:/bin', TMPDIR: dir, HOME: dir },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text.replaceAll('\r', ''); });
  const timer = setTimeout(() => child.kill('SIGKILL'), limit * 1000);
  await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  clearTimeout(timer);
  rmSync(dir, { recursive: true, force: true });
  return output;
}
