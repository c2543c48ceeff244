// Prints the first port from FIRST that nobody listens on: node scripts/free-port.mjs FIRST [ADDRESS]
// When FIRST itself is taken, says on standard error by whom, as far as this user may see.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

const first = Number(process.argv[2]);
const address = process.argv[3] ?? '127.0.0.1';
const LISTEN = '0A';

for (let port = first; port < first + 100; port++) {
  if (await isFree(port)) {
    if (port !== first) console.error(`Port ${first} is taken by ${holder(first)}; ${port} is free.`);
    console.log(port);
    process.exit(0);
  }
}
console.error(`No port from ${first} to ${first + 99} is free.`);
process.exit(1);

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}

function holder(port) {
  const sockets = new Set();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of read(table).split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTEN && parseInt(local.split(':')[1], 16) === port) sockets.add(`socket:[${inode}]`);
    }
  }
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      if (sockets.has(link(`/proc/${pid}/fd/${fd}`))) return `process ${pid} (${read(`/proc/${pid}/comm`).trim()})`;
    }
  }
  return "another user's process";
}

// A process may end between two looks, or belong to someone else.
function attempt(look, otherwise) {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
function read(file) {
  return attempt(() => readFileSync(file, 'latin1'), '');
}
function list(dir) {
  return attempt(() => readdirSync(dir), []);
}
function link(file) {
  return attempt(() => readlinkSync(file), '');
}
