import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Descriptors that stay for everything but clients: git's pipes, hooks, logs, the database. */
const OWN_DESCRIPTORS = 512;
/** The part of all connections that one address may have, so that no stranger holds all of them. Loopback may have all: a proxy sits there. */
const SHARE_OF_ADDRESS = 4;

export interface ConnectionLimits {
  readonly all: number;
  readonly ofAddress: number;
}

/** The setting, lowered where the process may not open that many files. */
export function connectionLimits(most: number, openFiles: number = mostOpenFiles()): ConnectionLimits {
  const all = Math.max(20, Math.min(most, openFiles - OWN_DESCRIPTORS));
  return { all, ofAddress: Math.max(10, Math.floor(all / SHARE_OF_ADDRESS)) };
}

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  /** Requests whose header has come and whose answer is not out. */
  requests: number;
}

/**
 * Keeps the number of open connections below the limits: a newcomer takes the place of the one that has been without a request for longest,
 * of its own address where that has too many. Connections with a request under way are never cut; where all are busy, the newcomer is.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  // Sets keep their order: what became idle first comes first.
  const idle = new Set<Connection>();
  const open = new Map<string, Connection>();
  const counts = new Map<string, number>();

  const count = (address: string, by: number): number => {
    const now = (counts.get(address) ?? 0) + by;
    if (now === 0) counts.delete(address);
    else counts.set(address, now);
    return now;
  };
  const makeRoom = (fits: (one: Connection) => boolean): boolean => {
    for (const one of idle) {
      if (!fits(one)) continue;
      idle.delete(one);
      one.socket.destroy();
      return true;
    }
    return false;
  };

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    // A request that is read once more keeps its connection (upgrade.ts).
    if (key === null || open.has(key)) return;
    const one: Connection = { socket, address: socket.remoteAddress ?? '', requests: 0 };
    const tooManyOfAddress = count(one.address, 1) > limits.ofAddress && !isLoopback(one.address);
    open.set(key, one);
    socket.once('close', () => {
      open.delete(key);
      idle.delete(one);
      count(one.address, -1);
    });
    const fits = tooManyOfAddress ? (other: Connection) => other.address === one.address : open.size > limits.all ? () => true : null;
    if (fits && !makeRoom(fits)) {
      socket.destroy();
      return;
    }
    idle.add(one);
  });

  const begun = (request: IncomingMessage, ended: ServerResponse | Socket): void => {
    const one = open.get(keyOf(request.socket) ?? '');
    if (!one) return;
    one.requests += 1;
    idle.delete(one);
    ended.once('close', () => {
      one.requests -= 1;
      if (one.requests === 0 && !one.socket.destroyed) idle.add(one);
    });
  };
  server.on('request', begun);
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => begun(request, socket));
}

/** The same for a connection and the TLS inside it; null once it is closed. */
function keyOf(socket: Socket): string | null {
  return socket.remoteAddress === undefined ? null : `${socket.remoteAddress} ${socket.remotePort}`;
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

/** Node raises its own soft limit to the hard one when it starts. */
/** Node raises it to the hard limit when it starts. */
export function mostOpenFiles(): number {
  const text = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return text === undefined || text === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(text);
}
