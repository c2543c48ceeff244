// alone
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

// An installed server serves the apps on port 80 without being root: its unit gives it one ambient capability. The same is
// done here with setpriv, on whatever port below 1024 is free.
const lowPort = suite('apps on a port below 1024');

const dir = mkdtempSync('/var/tmp/hop3-low-port-');
const root = join(dir, 'state');

function freePort(from: number): Promise<number> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(freePort(from + 1)));
    server.listen(from, '127.0.0.1', () => server.close(() => done(from)));
  });
}

interface User { uid: number; gid: number }
function ordinaryUser(): User {
  if (spawnSync('getent', ['passwd', 'hop3-spec']).status !== 0) spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', '/var/lib/hop3-spec', 'hop3-spec']);
  const [, , uid, gid] = spawnSync('getent', ['passwd', 'hop3-spec'], { encoding: 'utf8' }).stdout.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

lowPort('nginx gets the port; the app starts and has no capability', async () => {
  const user = ordinaryUser();
  chmodSync(dir, 0o755);
  for (const made of [root, join(dir, 'home')]) {
    mkdirSync(made, { mode: 0o700 });
    chownSync(made, user.uid, user.gid);
  }
  const [port, httpPort] = [await freePort(7300), await freePort(700)];
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: join(dir, 'home'), NIX_REMOTE: 'daemon',
    HOP3_ROOT: root, HOP3_LISTEN: `127.0.0.1:${port}`, HOP3_HTTP_LISTEN: `127.0.0.1:${httpPort}`, HOP3_NIXPKGS: 'host',
  };
  const as = (...command: string[]) => spawnSync('setpriv', [
    `--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--inh-caps=+net_bind_service', '--ambient-caps=+net_bind_service', '--', ...command,
  ], { encoding: 'utf8', env, cwd: '/', timeout: 120_000 });
  const hop3 = (...args: string[]) => as(process.execPath, resolve('dist/hop3.cjs'), ...args);
  try {
    const up = hop3('up', '--detach');
    assert.is(up.status, 0, up.stdout + up.stderr);

    const repo = join(dir, 'home', 'flask');
    cpSync('apps/test-apps-nix/flask-gunicorn', repo, { recursive: true });
    spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, repo]);
    const token = readFileSync(join(root, 'admin.token'), 'utf8').trim();
    const pushed = as('sh', '-c', `cd ${repo} && git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b commit -q -m one && git push http://hop3:${token}@127.0.0.1:${port}/flask.git main 2>&1`);
    assert.is(pushed.status, 0, `${pushed.stdout} ${pushed.signal ?? ''} ${pushed.error ?? ''}`);

    const body = spawnSync('curl', ['-s', '-m', '10', '-H', 'Host: flask.localhost', `http://127.0.0.1:${httpPort}/`], { encoding: 'utf8' }).stdout;
    assert.match(body, /Hello from Flask/);
    assert.equal(capable('gunicorn', user.uid), [], 'workers with a capability');
    assert.ok(capable('nginx', user.uid).length > 0, 'nginx has its capability');
  } finally {
    const down = hop3('down');
    assert.is(down.status, 0, down.stdout + down.stderr);
  }
});

/** Processes of that name and user that hold an ambient capability. */
function capable(name: string, uid: number): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return status.startsWith(`Name:\t${name}\n`) && status.includes(`\nUid:\t${uid}\t`) && !/^CapAmb:\t0+$/m.test(status);
    } catch {
      return false; // gone meanwhile
    }
  });
}

lowPort.after(() => rmSync(dir, { recursive: true, force: true }));

if (process.getuid?.() === 0) lowPort.run();
else {
  rmSync(dir, { recursive: true });
  console.log('skipped: only root can give another user a capability');
}
