import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StorePath } from '../../src/names.ts';
import { expectQuestion } from '../../src/nix/ask-daemon.ts';
import { NixDaemon, NoDaemonAnswer } from '../../src/nix/daemon.ts';
import { closureOf, isValidPath } from '../../src/nix/store.ts';
import { StoreSizes } from '../../src/nix/store-sizes.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const daemon = suite('what the nix daemon is asked');
let top: StorePath;
let below: string;
let home: string;

daemon.before(() => {
  home = mkdtempSync('/var/tmp/hop3-daemon-');
  const text = `builtins.toFile "top" (builtins.toFile "below" "of ${process.pid} at ${Date.now()}")`;
  top = JSON.parse(execFileSync('nix-instantiate', ['--eval', '--json', '--read-write-mode', '-E', text], { encoding: 'utf8' })) as StorePath;
  below = execFileSync('nix-store', ['-q', '--references', top], { encoding: 'utf8' }).trim();
});
daemon.after(() => rmSync(home, { recursive: true, force: true }));

const never = '/nix/store/00000000000000000000000000000000-never' as StorePath;

daemon('it knows which paths are valid, and what each refers to', async () => {
  const connection = await NixDaemon.open();
  try {
    const [first, none, last] = await connection.infos([top, never, below]);
    assert.equal([first?.references, none, last?.references], [[below], null, []]);
    assert.equal(await connection.referrers([below, top, never]), [[top], [], []]);
    assert.is(first?.size, Number(execFileSync('nix-store', ['-q', '--size', top], { encoding: 'utf8' })));
  } finally {
    connection.close();
  }
  assert.is(await isValidPath(top), true);
  assert.is(await isValidPath(never), false);
});

daemon('a closure is the one that nix-store tells', async () => {
  const told = execFileSync('nix-store', ['-qR', top], { encoding: 'utf8' }).trim().split('\n');
  assert.equal(await closureOf(top), told);
  assert.equal(told, [below, top], 'what is needed comes first');
});

daemon('who asks for a closure is told the sizes in passing, and asks for none of them again', async () => {
  const sizes = new StoreSizes();
  await closureOf(top, (path, bytes) => sizes.note(path, bytes));
  for (const path of [top, below]) assert.is(sizes.of(path), Number(execFileSync('nix-store', ['-q', '--size', path], { encoding: 'utf8' })));
  // A daemon that is not there could not be asked.
  const before = process.env['NIX_DAEMON_SOCKET_PATH'];
  process.env['NIX_DAEMON_SOCKET_PATH'] = join(home, 'nobody');
  try {
    await sizes.learn([top, below]);
  } finally {
    if (before === undefined) delete process.env['NIX_DAEMON_SOCKET_PATH'];
    else process.env['NIX_DAEMON_SOCKET_PATH'] = before;
  }
  assert.is.not(sizes.of(below), 0);
});

daemon('a connection that was opened ahead answers one question; one that the daemon closed meanwhile costs no answer', async () => {
  expectQuestion();
  expectQuestion();
  assert.is(await isValidPath(top), true);
  assert.is(await isValidPath(below as StorePath), true);
  // What this one opens is closed by its server before it is used.
  const socket = join(home, 'closing');
  const server = await listen(socket, (peer: Socket) => peer.end());
  const before = process.env['NIX_DAEMON_SOCKET_PATH'];
  process.env['NIX_DAEMON_SOCKET_PATH'] = socket;
  expectQuestion();
  if (before === undefined) delete process.env['NIX_DAEMON_SOCKET_PATH'];
  else process.env['NIX_DAEMON_SOCKET_PATH'] = before;
  assert.is(await isValidPath(top), true);
  await new Promise((resolve) => server.close(resolve));
});

daemon('another store than the daemon\'s is left to the nix-store program', async () => {
  const refused = await NixDaemon.open({ NIX_REMOTE: 'ssh://elsewhere' }).then(() => null, (error: unknown) => error);
  assert.instance(refused, NoDaemonAnswer);
});

daemon('where the daemon is silent, gone or no daemon, nix-store is asked', async () => {
  const socket = join(home, 'socket');
  const open = () => NixDaemon.open({ NIX_DAEMON_SOCKET_PATH: socket }).then(() => null, (error: unknown) => error);
  assert.instance(await open(), NoDaemonAnswer);
  for (const answer of [(peer: Socket) => peer.end(), (peer: Socket) => peer.end('HTTP/1.1 400 Bad Request\r\n\r\n')]) {
    const server = await listen(socket, answer);
    assert.instance(await open(), NoDaemonAnswer);
    await new Promise((resolve) => server.close(resolve));
  }
});

function listen(path: string, answer: (peer: Socket) => void): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((peer) => {
      peer.on('error', () => {}).resume();
      answer(peer);
    });
    server.listen(path, () => resolve(server));
  });
}

daemon.run();
