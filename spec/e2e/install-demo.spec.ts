// alone
// limit: 600
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const demo = suite('npm run demo');

// The demo's user must be able to come here, so it is not below a private temporary directory.
const dir = mkdtempSync('/var/tmp/hop3-demo-spec-');
chmodSync(dir, 0o755);
const root = join(dir, 'demo');

function run(...args: string[]): { output: string; status: number | null } {
  // Both streams in the order they are written, as on a terminal: git's own lines go to standard error.
  const { stdout, status } = spawnSync('sh', ['-c', 'exec bash scripts/demo.sh "$@" 2>&1', 'demo', ...args], {
    encoding: 'utf8', timeout: 280_000, env: { ...process.env, HOP3_ROOT: root, HOP3_NIXPKGS: 'host' },
  });
  return { output: stdout, status };
}

/** Processes that have the demo's directory in their command line. */
function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command.includes(root) ? [`${pid} ${command}`] : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}

demo.after(() => {
  run('down');
  rmSync(dir, { recursive: true, force: true });
});

demo('says what it will do, pushes both examples, shows both answers and how to go on', () => {
  const { output, status } = run();
  assert.is(status, 0, output);
  assert.ok(output.startsWith('-----> This demo starts Hop3 as the user '), output);
  assert.match(output, /hop3: ready http:\/\/127\.0\.0\.1:\d+/);
  assert.match(output, /git push hop3 main {3}\(apps\/real-apps-nix\/landing\)[^]*Released v1[^]*git push hop3 main {3}\(apps\/test-apps-nix\/flask-gunicorn\)[^]*Released v1/);
  assert.match(output, /landing\.localhost:\d+\/ answers:\n +HTTP\/1\.1 200 OK[^]*<!doctype html>/i);
  assert.match(output, /flask-gunicorn\.localhost:\d+\/ answers:\n +HTTP\/1\.1 200 OK[^]*Hello from Flask, this is v1/);
  assert.ok(output.includes(`git remote add hop3 "http://hop3:$(cat ${root}/admin.token)@127.0.0.1:`), output);
  const token = readFileSync(`${root}/admin.token`, 'utf8').trim();
  assert.not.ok(output.includes(token), 'the token itself is not printed');
});

demo('runs a second time on top of the first', () => {
  const { output, status } = run();
  assert.is(status, 0, output);
  assert.match(output, /This tree is already built: nothing to build[^]*Released v2[^]*Released v2/);
  assert.match(output, /Hello from Flask, this is v2/);
});

demo('down ends every process', () => {
  assert.ok(processes().length > 0, 'something ran');
  const { output, status } = run('down');
  assert.is(status, 0, output);
  assert.equal(processes(), []);
  assert.is(run('down').status, 0);
});

if (existsSync('dist/cli.js') && spawnSync('nix', ['--version']).status === 0) demo.run();
else {
  rmSync(dir, { recursive: true });
  console.log('skipped: needs `npm run build` and nix');
}
