import { SocketAddress, type Server, type Socket } from 'node:net';
import { readSocketTable } from '../runtime/socket-table.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 5000;
/**
 * Times that the kernel has sent the same bytes again without an answer. Its pauses begin at about 0.2 s and double, so these took some 13 s;
 * it gives up by itself after 15 of them, a quarter of an hour. Every log has a line at least each 30 s, so a silent peer comes to this too.
 */
const MOST_RESENDS = 6;

/** One connection, as seen from here. */
export interface Peer {
  readonly localPort: number;
  readonly address: string;
  readonly port: number;
}

/**
 * Ends connections whose other side is gone without a word: its machine or its network went. For everything behind a connection that is
 * the same as a client that left, so its deploy is cancelled. Node cannot set TCP_USER_TIMEOUT; the kernel's own table says as much.
 */
export function endLostPeers(server: Server): void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    // The machine does not lose itself.
    if (/^(?:::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '')) return;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  server.once('close', () => clearInterval(timer));

  const look = async (): Promise<void> => {
    if (open.size === 0) return;
    const tables = [await readSocketTable('tcp'), await readSocketTable('tcp6')];
    const lost = new Set(tables.flatMap(unanswered).map(key));
    if (lost.size === 0) return;
    for (const socket of open) {
      const { localPort, remoteAddress, remotePort } = socket;
      if (localPort !== undefined && remoteAddress !== undefined && remotePort !== undefined && lost.has(key({ localPort, address: remoteAddress, port: remotePort }))) socket.destroy();
    }
  };
}

/** Those of the kernel's table (proc(5), /proc/net/tcp) that have not answered for so long. */
export function unanswered(table: string): Peer[] {
  return table.split('\n').slice(1).flatMap((line) => {
    const [, local, remote, , , timer, resends] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined || resends === undefined) return [];
    // Timer 1: sent bytes wait for their answer. In others the number counts something else.
    if (!timer!.startsWith('01:') || Number.parseInt(resends, 16) < MOST_RESENDS) return [];
    const [address, port] = remote.split(':') as [string, string];
    return [{ localPort: Number.parseInt(local.split(':')[1]!, 16), address: addressOf(address), port: Number.parseInt(port, 16) }];
  });
}

/** The table has addresses as words of 32 bits, each with its bytes turned round on the machines that Hop3 runs on. */
function addressOf(hex: string): string {
  const bytes = hex.match(/.{8}/g)!.flatMap((word) => word.match(/../g)!.reverse()).map((byte) => Number.parseInt(byte, 16));
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function key({ localPort, address, port }: Peer): string {
  return `${localPort} ${address} ${port}`;
}
