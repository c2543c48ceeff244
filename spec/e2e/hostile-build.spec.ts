// alone: two daemons that share their build users end each other's builds.
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CHECKOUT, exec } from './world.ts';

/**
 * Build users are nix-daemon's, which is root's: so this needs root, and makes a daemon of its own on a /nix of its own, in a mount
 * namespace. The limit is lower than that of the unit, for the sake of the machine that runs the spec.
 */
const test = suite('a build that forks without end');
const LIMIT = 150;

if (process.getuid?.() !== 0 || !hasBuildUsers()) process.stdout.write('skipped: a nix-daemon with build users of its own takes root\n');
else {
  test('fails at the limit of the daemon, which the unit and the start without systemd both have', async () => {
    assert.match(readFileSync(join(CHECKOUT, 'scripts/nix-daemon.service'), 'utf8'), /^LimitNPROC=\d+$/m);
    assert.match(readFileSync(join(CHECKOUT, 'scripts/ensure-tools.sh'), 'utf8'), /exec prlimit --nproc=\d+ nix-daemon/);
    const without = await build(null);
    assert.match(without, 'made all');
    const within = await build(LIMIT);
    assert.match(within, /Cannot fork/);
    assert.not.match(within, 'made all');
  });
  test.run();
}

function hasBuildUsers(): boolean {
  try {
    return execFileSync('getent', ['group', 'nixbld'], { encoding: 'utf8' }).includes('nixbld');
  } catch {
    return false;
  }
}

/** Nix's output of a build that starts twice as many processes as LIMIT. */
async function build(limit: number | null): Promise<string> {
  const dir = mkdtempSync('/var/tmp/hop3-own-daemon-');
  mkdirSync(join(dir, 'nix'));
  chmodSync(dir, 0o755);
  writeFileSync(join(dir, 'nix.conf'), 'sandbox = true\nsandbox-paths = /bin /usr /lib /lib64\nbuild-users-group = nixbld\nsubstituters =\n');
  writeFileSync(join(dir, 'bomb.nix'), `derivation {
  name = "bomb"; system = builtins.currentSystem; builder = "/bin/dash";
  args = [ "-c" "export PATH=/usr/bin:/bin; n=0; while [ $n -lt ${LIMIT * 2} ]; do sleep 3 & n=$((n+1)); done; wait; echo made all; echo > $out; exit 0" ];
}
`);
  try {
    const ran = await exec('unshare', ['-m', 'bash', '-c', `
      mount --make-rprivate / && mount --bind ${dir}/nix /nix && mount --bind ${dir}/nix.conf /etc/nix/nix.conf || exit 9
      ${limit === null ? '' : `prlimit --nproc=${limit}`} nix-daemon </dev/null >${dir}/log 2>&1 &
      daemon=$!
      trap 'kill $daemon' EXIT
      for try in $(seq 100); do [ -S /nix/var/nix/daemon-socket/socket ] && break; sleep 0.1; done
      NIX_REMOTE=daemon NIX_PATH= timeout 90 nix-build ${dir}/bomb.nix --no-out-link 2>&1
    `], { limit: 150 });
    return ran.output;
  } finally {
    makeWritable(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

function makeWritable(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}
