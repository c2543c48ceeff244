import { createSocket } from 'node:dgram';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { readText } from './cgroup.ts';
import { boundPorts } from './processes.ts';

/**
 * Whether a process could listen on this port now, on every address of either family: an app may choose 0.0.0.0 or ::
 * though nginx asks 127.0.0.1. It can be taken by another process a moment later.
 */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '0.0.0.0')) && (await canListen(port, '::'));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      // A host without IPv6 has nobody listening there either.
      else if (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL') resolve(true);
      else reject(error);
    });
    server.listen({ port, host, ipv6Only: host === '::', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The same for UDP. */
export async function isUdpPortFree(port: number): Promise<boolean> {
  return (await canBind(port, 'udp4')) && (await canBind(port, 'udp6'));
}

function canBind(port: number, type: 'udp4' | 'udp6'): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else if (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL' || error.code === 'EINVAL') resolve(true);
      else reject(error);
    });
    socket.bind({ port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/** The first port that a program without any right may listen on. */
export function firstOpenPort(): number {
  const text = readText('/proc/sys/net/ipv4/ip_unprivileged_port_start');
  return text === '' ? 1024 : Number(text);
}

/** Who uses a port, for a message. Only processes of the same user can be looked into. */
export function portUser(port: number, protocol: 'tcp' | 'udp' = 'tcp'): string {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !boundPorts([pid]).some((one) => one.port === port && one.protocol === protocol)) continue;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return `process ${pid} (${command.slice(0, 100)})`;
  }
  return `another user's program (as root, \`ss -${protocol === 'tcp' ? 'lt' : 'lu'}np 'sport = :${port}'\` tells which)`;
}
