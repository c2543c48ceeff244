import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { NO_LIMITS } from '../../src/limits.ts';
import { parseAppName } from '../../src/names.ts';
import { describeWorkerExit } from '../../src/runtime/exits.ts';
import { shellWord, workerRun } from '../../src/runtime/run-scripts.ts';
import { asArgumentFile, etcFiles, sandboxArguments } from '../../src/runtime/sandbox.ts';
import { checkCommand } from '../../src/runtime/worker-command.ts';

const app = parseAppName('shop');
const view = { app, closure: ['/nix/store/aaa-shop', '/nix/store/bbb-lib'], dataDir: '/h/apps/shop/data', envDir: '/h/env', etcDir: '/h/etc', initFile: '/h/init' };

/** The arguments as groups: ['--ro-bind', from, to] ... */
function groups(args: readonly string[]): string[] {
  return args.join(' ').split(/ (?=--)/);
}

const sandbox = suite('the sandbox of an app');

sandbox('writes nowhere of the host but its data directory', () => {
  const writable = groups(sandboxArguments(view)).filter((group) => /^--(dev-)?bind(-try)? /.test(group));
  assert.equal(writable, ['--bind /h/apps/shop/data /app/data']);
});

sandbox('shows its closure and the distribution, each at its own place', () => {
  const shown = groups(sandboxArguments(view)).filter((group) => group.startsWith('--ro-bind ') && !group.includes('/etc/'));
  assert.equal(shown, ['--ro-bind /usr /usr', '--ro-bind /h/env /run/hop3/env', '--ro-bind /h/init /run/hop3/init', '--ro-bind /nix/store/aaa-shop /nix/store/aaa-shop', '--ro-bind /nix/store/bbb-lib /nix/store/bbb-lib']);
});

sandbox('has its own everything but the network, and keeps its session', () => {
  const args = sandboxArguments(view);
  for (const option of ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--die-with-parent', '--disable-userns']) assert.ok(args.includes(option), option);
  for (const option of ['--unshare-net', '--unshare-all', '--new-session', '--as-pid-1']) assert.not.ok(args.includes(option), option);
  // The root goes read-only last: a mount point cannot be made after that.
  assert.equal(args.slice(-4), ['--remount-ro', '/', '--chdir', '/app/data']);
});

sandbox('knows one user', () => {
  assert.match(etcFiles(app)['passwd']!, 'app:x:1000:1000:shop:/app/data:/bin/sh\n');
  assert.match(etcFiles(app)['hosts']!, '127.0.0.1 localhost shop\n');
});

sandbox('of a closure beyond bubblewrap\'s limit is refused with both numbers', () => {
  const closure = Array.from({ length: 2901 }, (_, index) => `/nix/store/${index}`);
  try {
    sandboxArguments({ ...view, closure });
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof Hop3Error);
    assert.is(error.code, 'HOP3_CLOSURE_SIZE');
    assert.is(error.what, 'The release needs 2901 store paths; 2900 can be shown to one app.');
  }
  // The limit is 9,000 arguments in all.
  assert.ok(sandboxArguments({ ...view, closure: closure.slice(1) }).length < 8990);
});

sandbox('arguments are ended by NUL, so none may hold one', () => {
  assert.is(asArgumentFile(['--dir', '/a b']), '--dir\0/a b\0');
  assert.throws(() => asArgumentFile(['a\0--bind\0/\0/']), /NUL/);
});

sandbox('a command reaches the shell as it was written', () => {
  for (const command of ['plain', `it's "x" $HOME \`id\` $(id)`, 'two\nlines', `'`, '\\', '-n', 'grün 🚀']) {
    const echoed = spawnSync('/bin/sh', ['-c', `printf %s ${shellWord(command)}`], { encoding: 'utf8' });
    assert.is(echoed.stdout, command);
  }
  assert.throws(() => shellWord('a\0b'));
});

sandbox('the run script loads no environment of the app', () => {
  const text = workerRun('web.1', 'v3', '/h/sandbox.args', 'python3 app.py', { name: 'shop.a.web.1', limits: NO_LIMITS, modeFile: '/h/run/limits' });
  assert.match(text, `PATH=/usr/local/bin:/usr/bin:/bin\nexec tini -s -g -p SIGTERM --`);
  assert.not.match(text, /envdir/);
});

sandbox('an empty, huge or unspeakable command is refused', () => {
  const refusal = (command: string) => {
    try {
      checkCommand('web.1', command);
    } catch (error) {
      return (error as Hop3Error).what;
    }
    return null;
  };
  assert.is(refusal('python3 app.py'), null);
  assert.is(refusal(' \n'), 'The command of web.1 is empty.');
  assert.is(refusal('a\0b'), 'The command of web.1 holds a NUL character.');
  assert.is(refusal('x'.repeat(120_001)), 'The command of web.1 has 120001 bytes; 120000 are allowed.');
});

sandbox('an exit is told as a person would look it up', () => {
  assert.is(describeWorkerExit(3, 0), 'exit code 3');
  assert.is(describeWorkerExit(137, 0), 'exit code 137 (SIGKILL)');
  assert.is(describeWorkerExit(256, 9), 'ended by SIGKILL');
  assert.is(describeWorkerExit(255, 0), 'exit code 255');
});

sandbox.run();
