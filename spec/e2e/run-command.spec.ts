// limit: 300
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrame, encodeJson, FRAME, FrameReader, RUN_PROTOCOL, type Frame } from '../../src/run-frames.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { Terminal } from './terminal.ts';
import { runtime } from './tiny-apps.ts';
import { CHECKOUT, exec, until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; token: string }>('hop3 run');

const HOP3 = join(CHECKOUT, 'bin/hop3');
const CANARY = 'canary-7f3a9c-of-the-run';
const APP = (text: string) => ({
  ...runtime(`workers.web = "\${pkgs.nodejs}/bin/node \${./web.mjs}"; path = [ "\${pkgs.coreutils}/bin" ]; env = { FROM_BUILD = "build"; };`),
  'web.mjs': `import { createServer } from 'node:http';\ncreateServer((_request, response) => response.end('${text}')).listen(process.env.PORT, process.env.BIND_ADDRESS);\n`,
  'hop3.toml': '[env]\nFROM_FILE = "file"\n',
});

test.before(async (context) => {
  const world = await World.start();
  context.world = world;
  const pushed = await (await world.repo('shop', APP('one'))).push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.hop3('env', 'set', `SECRET=${CANARY}`, '--app', 'shop')).code, 0);
  await world.hop3('app', 'create', '--app', 'empty');
  context.token = await world.token();
});
test.after(async ({ world }) => { await world.stop(); });

/** `hop3 run --app shop -- <words>` without a terminal. */
function run(world: World, words: readonly string[], options: { input?: string } = {}) {
  return exec(HOP3, ['run', '--app', 'shop', '--', ...words], { env: world.env, cwd: world.home, ...options });
}

function onTerminal(world: World, words: readonly string[], size: { rows?: number; columns?: number } = {}): Terminal {
  return new Terminal(HOP3, ['run', '--app', 'shop', '--', ...words], { env: world.env, ...size });
}

/** The processes in sandboxes of commands that run once. */
function oneOffs(world: World): string[] {
  const dir = join(world.root, 'apps/shop/one-offs');
  return readdirSync(dir);
}

test('a command runs in the live release: its variables, its programs, its data directory; the exit code is its own', async ({ world }) => {
  const ran = await run(world, ['sh', '-c', 'echo "$FROM_BUILD $FROM_FILE $SECRET $HOP3_APP $HOP3_RELEASE $HOME $PWD ${PORT-none}"; command -v ls; touch made-by-run; exit 3']);
  assert.is(ran.code, 3, ran.output);
  const [line, ls] = ran.stdout.split('\n');
  assert.is(line, `build file ${CANARY} shop v2 /app/data /app/data none`);
  assert.match(ls!, /^\/nix\/store\/.*\/bin\/ls$/);
  assert.ok(readdirSync(join(world.root, 'apps/shop/data')).includes('made-by-run'));
});

test('the words arrive as they were typed: spaces, quotes, dollars, an empty one, flags', async ({ world }) => {
  const words = ['a b', "it's", '"', '$HOME', '$(id)', '', '`id`', '\\', '*', '-x', '--app', 'é😀', 'two\nlines', ';', '!'];
  const ran = await run(world, ['printf', '<%s>', ...words]);
  assert.is(ran.stdout, words.map((word) => `<${word}>`).join(''), ran.output);
});

test('output and errors stay apart, and both pass unchanged', async ({ world }) => {
  const ran = await run(world, ['sh', '-c', 'printf out; printf err >&2; printf "\\033[1mx" ']);
  assert.is(ran.stdout, 'out\u001b[1mx');
  assert.is(ran.stderr, 'err');
});

test('five megabytes of any bytes go in and come out as they are, and the end of the input is passed on', async ({ world }) => {
  const bytes = randomBytes(5_000_000);
  const [from, to] = [join(world.home, 'in'), join(world.home, 'out')];
  writeFileSync(from, bytes);
  const ran = await exec('sh', ['-c', `exec "$0" run --app shop -- cat <"$1" >"$2"`, HOP3, from, to], { env: world.env });
  assert.is(ran.code, 0, ran.output);
  assert.ok(readFileSync(to).equals(bytes));
  const counted = await exec('sh', ['-c', 'head -c 3000000 /dev/zero | "$0" run --app shop -- sha256sum', HOP3], { env: world.env });
  assert.is(counted.stdout.slice(0, 64), createHash('sha256').update(Buffer.alloc(3_000_000)).digest('hex'));
});

test('a program that a signal ends gives 128 and its number; one that is not there gives 127', async ({ world }) => {
  assert.is((await run(world, ['sh', '-c', 'kill -9 $$'])).code, 137);
  assert.is((await run(world, ['sh', '-c', 'kill -SEGV $$'])).code, 139);
  const missing = await run(world, ['no-such-program']);
  assert.is(missing.code, 127);
  assert.is((await run(world, ['exit', '4'])).code, 4);
  assert.match(missing.stderr, 'no-such-program: not found');
});

test('a program that does not read its input ends when it wants to', async ({ world }) => {
  const ran = await exec('sh', ['-c', 'head -c 3000000 /dev/zero | "$0" run --app shop -- true', HOP3], { env: world.env });
  assert.is(ran.code, 0, ran.output);
});

test('an input that never ends does not keep the client; an output that nobody reads any more ends the command', async ({ world }) => {
  const child = spawn(HOP3, ['run', '--app', 'shop', '--', 'true'], { env: world.env, stdio: ['pipe', 'inherit', 'inherit'] });
  assert.is(await new Promise((resolve) => child.once('close', resolve)), 0);
  const head = await exec('sh', ['-c', '"$0" run --app shop -- yes | head -n 2', HOP3], { env: world.env });
  assert.is(head.stdout, 'y\ny\n');
  await until('the command to be gone', () => oneOffs(world).length === 0);
});

test('where there is a terminal the command has one too, of the same size, also when the window changes', async ({ world }) => {
  const terminal = onTerminal(world, ['sh'], { rows: 33, columns: 99 });
  await terminal.shows('$ ');
  terminal.type('tty; stty size; echo "$TERM $FROM_FILE"\r');
  await terminal.shows('/dev/pts/0');
  await terminal.shows('33 99');
  await terminal.shows('xterm file');
  terminal.resize(20, 70);
  await until('the new size to arrive', async () => { terminal.type('stty size\r'); return terminal.shown.includes('20 70'); });
  // The client's terminal is raw: this letter is shown once, by the terminal over there.
  const before = terminal.shown.length;
  terminal.type('echo on""ce\r');
  await terminal.shows(/once\r\n/);
  assert.is(terminal.shown.slice(before).split('echo on').length, 2);
  terminal.type('exit 5\r');
  assert.is(await terminal.end(), 5, terminal.shown);
});

test('Ctrl-C and Ctrl-D at the terminal go to the program', async ({ world }) => {
  const terminal = onTerminal(world, ['sh', '-c', 'trap "echo got INT" INT; echo ready; sleep 1000; cat; echo done; exit 4']);
  await terminal.shows('ready');
  terminal.type('\u0003');
  await terminal.shows('got INT');
  terminal.type('a line\r');
  await terminal.shows(/a line\r\na line\r\n/);
  terminal.type('\u0004');
  await terminal.shows('done');
  assert.is(await terminal.end(), 4, terminal.shown);
});

test('after the command the terminal is as it was', async ({ world }) => {
  const terminal = new Terminal('sh', ['-c', `stty -g; "${HOP3}" run --app shop -- true; stty -g`], { env: world.env });
  assert.is(await terminal.end(), 0, terminal.shown);
  const [before, after] = terminal.shown.trim().split('\r\n');
  assert.is(after, before);
});

test('--no-tty gives pipes even at a terminal', async ({ world }) => {
  const terminal = new Terminal(HOP3, ['run', '--no-tty', '--app', 'shop', '--', 'sh', '-c', 'test -t 0 || echo no terminal'], { env: world.env });
  await terminal.shows('no terminal');
  assert.is(await terminal.end(), 0, terminal.shown);
});

test('a closed window ends the command, however it resists, and nothing of it stays', async ({ world }) => {
  const terminal = onTerminal(world, ['sh', '-c', 'trap "" HUP TERM INT; echo ready; sleep 1000']);
  await terminal.shows('ready');
  assert.is(oneOffs(world).length, 1);
  terminal.close();
  await until('the command to be gone', () => oneOffs(world).length === 0);
  assert.equal(world.processes().filter(({ command }) => command.includes('sleep 1000')), []);
});

test('a client that is killed while its command takes no input: the command ends', async ({ world }) => {
  const child = spawn('sh', ['-c', 'exec "$0" run --app shop -- sh -c "echo ready; sleep 1000" </dev/zero', HOP3], { env: world.env, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGKILL');
  await until('the command to be gone', () => oneOffs(world).length === 0);
});

test('Ctrl-C without a terminal ends the command with SIGTERM; what it still says arrives', async ({ world }) => {
  let interrupted = false;
  const ran = await exec(HOP3, ['run', '--app', 'shop', '--', 'sh', '-c', 'trap "echo putting away; exit 0" TERM; echo ready; sleep 1000 & wait'], {
    env: world.env,
    onOutput: (text, child) => { if (text.includes('ready') && !interrupted) interrupted = child.kill('SIGINT'); },
  });
  assert.is(ran.code, 130, ran.output);
  assert.is(ran.stdout, 'ready\nputting away\n');
});

test('a deploy that comes in between does not touch the command, which is told of it at its end', async ({ world }) => {
  const terminal = onTerminal(world, ['sh']);
  await terminal.shows('$ ');
  const repo = await world.repo('again', APP('two'));
  await repo.git('remote', 'set-url', 'hop3', (await repo.git('remote', 'get-url', 'hop3')).replace('again.git', 'shop.git'));
  assert.is((await repo.push('-f', 'hop3', 'main')).code, 0);
  assert.is((await world.hop3('restart', '--app', 'shop')).code, 0);
  terminal.type('ls >/dev/null && echo still $HOP3_RELEASE\r');
  await terminal.shows('still v2');
  terminal.type('exit\r');
  assert.is(await terminal.end(), 0);
  assert.match(terminal.shown, 'v3 went live meanwhile; this ran in v2.');
});

test('no argument list on the server shows a variable of the app', async ({ world }) => {
  const terminal = onTerminal(world, ['sh', '-c', 'echo ready; sleep 1000']);
  await terminal.shows('ready');
  const shown = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  });
  assert.ok(shown.some((line) => line.includes('sleep')), 'the look sees the command');
  assert.equal(shown.filter((line) => line.includes(CANARY)), []);
  terminal.close();
  await until('the command to be gone', () => oneOffs(world).length === 0);
});

test('eleven at a time are one too many', async ({ world }) => {
  const ten = Array.from({ length: 10 }, () => spawn(HOP3, ['run', '--app', 'shop', '--', 'cat'], { env: world.env, stdio: ['pipe', 'inherit', 'inherit'] }));
  const ends = ten.map((child) => new Promise<number | null>((resolve) => child.once('close', resolve)));
  await until('ten commands', () => oneOffs(world).length === 10, 30);
  const refused = await run(world, ['true']);
  assert.is(refused.code, 6);
  assert.match(refused.stderr, '10 commands run for shop already, and no more are allowed at a time.');
  for (const child of ten) child.stdin.end();
  assert.equal(await Promise.all(ends), ten.map(() => 0));
  assert.is((await run(world, ['true'])).code, 0);
});

test('an app that is destroyed takes its commands with it', async ({ world }) => {
  assert.is((await (await world.repo('brief', APP('brief'))).push()).code, 0);
  const terminal = new Terminal(HOP3, ['run', '--app', 'brief', '--', 'sh', '-c', 'trap "" HUP TERM INT; echo ready; sleep 1234'], { env: world.env });
  await terminal.shows('ready');
  assert.is((await world.hop3('app', 'destroy', '--app', 'brief', '--confirm=brief')).code, 0);
  assert.is(await terminal.end(), 137, terminal.shown);
  assert.equal(world.processes().filter(({ command }) => command.includes('sleep 1234')), []);
  assert.not.ok(readdirSync(join(world.root, 'apps')).includes('brief'));
});

test('an app without a release, an unknown app and a word too few are told', async ({ world }) => {
  const empty = await exec(HOP3, ['run', '--app', 'empty', '--', 'ls'], { env: world.env });
  assert.is(empty.code, 3);
  assert.match(empty.stderr, 'empty has no live release yet.');
  const unknown = await exec(HOP3, ['run', '--app', 'shpo', '--', 'ls'], { env: world.env });
  assert.is(unknown.code, 3);
  assert.match(unknown.stderr, 'Did you mean "shop"?');
  const flags = await exec(HOP3, ['run', '--app', 'shop', 'ls', '-la'], { env: world.env });
  assert.is(flags.code, 2);
  assert.match(flags.stderr, 'hop3 run -- ls -la');
});

/** A request by hand, to the end of the connection or until what comes satisfies. */
function raw(world: World, lines: readonly string[], then: Buffer | null = null, enough: (got: Buffer) => boolean = () => false): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(world.port, '127.0.0.1');
    let got = Buffer.alloc(0);
    const done = () => { socket.destroy(); resolve(got); };
    const timer = setTimeout(() => reject(new Error(`no end within 30 s; it answered: ${got.toString('latin1')}`)), 30_000);
    socket.on('data', (bytes) => { got = Buffer.concat([got, bytes]); if (enough(got)) done(); });
    socket.on('close', () => { clearTimeout(timer); resolve(got); });
    socket.on('error', reject);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (then) socket.write(then);
  });
}

function upgrade(app: string, ...headers: string[]): string[] {
  return [`POST /api/v1/apps/${app}/run HTTP/1.1`, 'Host: x', 'Connection: Upgrade', `Upgrade: ${RUN_PROTOCOL}`, ...headers];
}

test('an upgrade without a token, with a wrong one or with that of another app is refused and closed', async ({ world, token }) => {
  const none = (await raw(world, upgrade('shop'))).toString();
  assert.match(none, /^HTTP\/1\.1 401 /);
  assert.match(none, '"code":"HOP3_NOT_AUTHENTICATED"');
  assert.match(none, /connection: close/i);
  assert.match((await raw(world, upgrade('shop', 'Authorization: Bearer hop3_x_y'))).toString(), /^HTTP\/1\.1 401 /);
  const other = JSON.parse((await world.api('/api/v1/tokens', { method: 'POST', token, body: { name: 'ci', app: 'empty' } })).body) as { token: string };
  assert.match((await raw(world, upgrade('shop', `Authorization: Bearer ${other.token}`))).toString(), /^HTTP\/1\.1 403 /);
  assert.match((await raw(world, upgrade('empty', `Authorization: Bearer ${other.token}`))).toString(), /^HTTP\/1\.1 404 [^]*HOP3_NO_RELEASE/);
});

test('the address without an upgrade says what it wants; an upgrade of another address is answered like any request', async ({ world, token }) => {
  const plain = await world.api('/api/v1/apps/shop/run', { method: 'POST', token });
  assert.is(plain.status, 426);
  assert.match(plain.body, 'HOP3_UPGRADE');
  const lost = (await raw(world, ['GET /api/v1/nothing HTTP/1.1', 'Host: x', `Authorization: Bearer ${token}`, 'Connection: Upgrade', `Upgrade: ${RUN_PROTOCOL}`])).toString();
  assert.match(lost, /^HTTP\/1\.1 404 /);
});

test('a client that would like HTTP/2 gets its answer, body and all', async ({ world, token }) => {
  const body = JSON.stringify({ name: 'by-h2c' });
  const answer = (await raw(world, [
    'POST /api/v1/apps HTTP/1.1', 'Host: x', `Authorization: Bearer ${token}`, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__',
    'Content-Type: application/json', `Content-Length: ${body.length}`,
  ], Buffer.from(body), (got) => got.includes('"by-h2c"'))).toString();
  assert.match(answer, /^HTTP\/1\.1 201 /);
});

/** What the server says to these frames, the head of its answer cut off. */
async function frames(world: World, token: string, ...sent: Buffer[]): Promise<Frame[]> {
  const got = await raw(world, upgrade('shop', `Authorization: Bearer ${token}`), Buffer.concat(sent));
  const at = got.indexOf('\r\n\r\n') + 4;
  assert.match(got.subarray(0, at).toString(), /^HTTP\/1\.1 101 /);
  return new FrameReader().push(got.subarray(at));
}

test('frames that the protocol does not allow end the command, with the reason', async ({ world, token }) => {
  const start = encodeJson(FRAME.start, { command: 'sleep 1000', terminal: null });
  const fault = async (reason: string, ...sent: Buffer[]) => {
    const last = (await frames(world, token, ...sent)).at(-1)!;
    assert.is(last.type, FRAME.error, reason);
    assert.match(last.payload.toString(), reason);
    await until('the command to be gone', () => oneOffs(world).length === 0);
  };
  await fault('a frame of type 2 before the command', encodeFrame(FRAME.input, Buffer.from('x')));
  await fault('two commands on one connection', start, start);
  await fault('a frame of the unknown type 99', start, Buffer.from([99, 0, 0, 0, 0]));
  await fault('a frame of 16777216 bytes; 65536 are allowed', start, Buffer.from([2, 1, 0, 0, 0]));
  await fault('a payload that is no JSON object', encodeFrame(FRAME.start, Buffer.from('[')));
  await fault('a size of a terminal that is not two whole numbers', encodeJson(FRAME.start, { command: 'true', terminal: { rows: -1, columns: 2, type: 'xterm' } }));
  await fault('a type of terminal that cannot be one', encodeJson(FRAME.start, { command: 'true', terminal: { rows: 1, columns: 2, type: '/etc/passwd' } }));
  await fault('more than 262144 bytes of input that nobody asked for', start, ...Array.from({ length: 12 }, () => encodeFrame(FRAME.input, Buffer.alloc(65_536))));
  await fault('The command of the command is empty', encodeJson(FRAME.start, { command: ' ', terminal: null }));
});

test('a server that is killed leaves no command behind; hop3 down neither', async ({ world }) => {
  const resists = ['sh', '-c', 'trap "" HUP TERM INT; echo ready; sleep 1000'];
  const first = onTerminal(world, resists);
  await first.shows('ready');
  process.kill(await world.serverPid(), 'SIGKILL');
  assert.is(await first.end(), 7);
  assert.match(first.shown, /The connection to http:\S+ was cut\./);
  await until('the next server to have ended it', () => oneOffs(world).length === 0, 30);
  await until('the server to answer', async () => (await world.api('/healthz').catch(() => null))?.status === 200);
  const second = onTerminal(world, resists);
  await second.shows('ready');
  assert.is((await world.hop3('down')).code, 0);
  assert.is.not(await second.end(), 0);
  assert.equal(world.processes(), []);
});

test.run();
