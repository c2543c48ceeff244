import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { readSocketTable } from './socket-table.ts';

/** Programs of the supervision chain that run outside the sandbox with a service directory as working directory. */
const CHAIN = new Set(['s6-supervise', 's6-log', 'tini', 'bwrap', 'run', 'finish', 'env', 'setpriv']);

/**
 * The processes that run in the sandbox which was given this environment directory. A sandbox is told by what is mounted in it
 * and not by what is written down, so that processes whose supervisor died are found too.
 */
export function sandboxProcesses(envDir: string): number[] {
  const own = identity(envDir);
  if (own === null) return [];
  return allProcesses().filter((pid) => identity(`/proc/${pid}/root/run/hop3/env`) === own);
}

/** The supervisor and wrappers of a service: what runs in its service directory outside the sandbox. */
export function chainProcesses(serviceDir: string): number[] {
  return allProcesses().filter((pid) => {
    const cwd = link(`/proc/${pid}/cwd`)?.replace(/ \(deleted\)$/, '');
    return cwd === serviceDir && CHAIN.has(text(`/proc/${pid}/comm`).trim());
  });
}

export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** The TCP ports that these processes listen on. */
export function listeners(pids: readonly number[]): Listener[] {
  const sockets = socketsOf(pids);
  return [...listening('/proc/net/tcp'), ...listening('/proc/net/tcp6')].filter((socket) => sockets.has(socket.inode)).map(({ address, port }) => ({ address, port }));
}

/** Whether one of these processes listens on the TCP port. The table of IPv6 is read only where that of IPv4 does not tell: each takes the kernel a millisecond. */
export function listensOn(pids: readonly number[], port: number): boolean {
  const sockets = socketsOf(pids);
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) => listening(table).some((socket) => socket.port === port && sockets.has(socket.inode)));
}

/** The ports that these processes have: TCP that they listen on, UDP that they are bound to. */
export function boundPorts(pids: readonly number[]): { readonly port: number; readonly protocol: 'tcp' | 'udp' }[] {
  const sockets = socketsOf(pids);
  if (sockets.size === 0) return [];
  const own = (protocol: 'tcp' | 'udp', state: string) => [`/proc/net/${protocol}`, `/proc/net/${protocol}6`].flatMap((file) => listening(file, state))
    .filter((socket) => sockets.has(socket.inode)).map(({ port }) => ({ port, protocol }));
  return [...own('tcp', LISTEN), ...own('udp', UNCONNECTED)];
}

/** A TCP socket that listens, or a UDP socket that is bound. */
export interface OpenSocket {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly inode: string;
  /** Of the user whose process made it. */
  readonly uid: number;
}

/** Every such socket of this machine. */
export async function openSockets(): Promise<OpenSocket[]> {
  const of = async (protocol: 'tcp' | 'udp', state: string) => {
    const tables = [await readSocketTable(protocol), await readSocketTable(`${protocol}6`)];
    return tables.flatMap((table) => socketsIn(table, state)).map(({ port, inode, uid }) => ({ port, protocol, inode, uid }));
  };
  return [...(await of('tcp', LISTEN)), ...(await of('udp', UNCONNECTED))];
}

/** Which processes have which of these sockets open, and which processes of this user do not let anybody look (PR_SET_DUMPABLE). */
export function holdersOf(inodes: ReadonlySet<string>): { readonly holders: ReadonlyMap<string, readonly number[]>; readonly closed: readonly number[] } {
  const holders = new Map<string, number[]>();
  const closed: number[] = [];
  const uid = process.getuid?.() ?? -1;
  for (const pid of allProcesses()) {
    const owner = statusUid(pid);
    if (owner !== uid) continue;
    if (!canList(`/proc/${pid}/fd`)) closed.push(pid);
    for (const inode of socketsOf([pid])) if (inodes.has(inode)) holders.set(inode, [...(holders.get(inode) ?? []), pid]);
  }
  return { holders, closed };
}

/** Of a process and those that it descends from, the working directory of the first that is outside every sandbox and in this directory; null for none. */
export function outsideDirectory(pid: number, below: string): string | null {
  const root = identity('/proc/self/root/');
  for (let at = pid, steps = 0; at > 1 && steps < 100; at = parentOf(at), steps += 1) {
    // What a sandbox calls its directories means nothing here.
    if (identity(`/proc/${at}/root/`) !== root) continue;
    const cwd = link(`/proc/${at}/cwd`)?.replace(/ \(deleted\)$/, '');
    if (cwd?.startsWith(`${below}/`)) return cwd;
  }
  return null;
}

function parentOf(pid: number): number {
  const stat = text(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

/** The user of a process, whoever may look into it: its directory belongs to root when nobody may. */
function statusUid(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(text(`/proc/${pid}/status`))?.[1] ?? -1);
}

function socketsOf(pids: readonly number[]): Set<string> {
  const sockets = new Set<string>();
  for (const pid of pids) {
    for (const fd of list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`) ?? '')?.[1];
      if (inode) sockets.add(inode);
    }
  }
  return sockets;
}

/** How the kernel writes the state LISTEN. */
const LISTEN = '0A';
/** And that of a UDP socket that is connected to nobody. */
const UNCONNECTED = '07';

function listening(file: string, wanted = LISTEN): ReturnType<typeof socketsIn> {
  return socketsIn(text(file), wanted);
}

/** Those of one of the kernel's tables (proc(5), /proc/net/tcp) that are in this state. */
function socketsIn(table: string, wanted: string): (Listener & { readonly inode: string; readonly uid: number })[] {
  const found = [];
  for (const line of table.split('\n').slice(1)) {
    // Of a busy machine most are of connections that have ended.
    if (!line.includes(` ${wanted} `)) continue;
    const [, local, , state, , , , uid, , inode] = line.trim().split(/\s+/);
    const [address, port] = local?.split(':') ?? [];
    if (state === wanted && address && port && inode) found.push({ address: readAddress(address), port: Number.parseInt(port, 16), inode, uid: Number(uid) });
  }
  return found;
}

/** The kernel prints each 32-bit word of an address in hexadecimal, as the machine holds it (little-endian here). */
function readAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)));
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '[::]';
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '[::1]';
  if (bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255) return bytes.slice(12).join('.');
  return `[${(Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? []).join(':')}]`;
}

function allProcesses(): number[] {
  return list('/proc').map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
}

/** Device and inode; null for what is gone or belongs to somebody else. */
function identity(path: string): string | null {
  try {
    const found = statSync(path);
    return `${found.dev}:${found.ino}`;
  } catch {
    return null;
  }
}

// A process may end between any two looks at it, and those of other users cannot be looked at: both are "not there".
function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function canList(dir: string): boolean {
  try {
    readdirSync(dir);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EACCES';
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
