import { createServer } from 'node:net';

/** Below 32768, where Linux begins to give ports to connections that programs open. */
const FIRST = 16_800;
const WIDTH = 400;
const RANGES = 39;
/** The last ports of a range are for the addon servers. */
const ADDON_PORTS = 45;

export interface PortRange {
  /** As HOP3_WORKER_PORTS takes it. */
  readonly workers: string;
  /** As HOP3_ADDON_PORTS takes it. */
  readonly addons: string;
}

/**
 * Ports that no other spec's world uses, as long as this process lives. The claim is a socket in the kernel's abstract namespace: it goes
 * with the process, however that ends.
 */
export async function claimPortRange(): Promise<PortRange> {
  for (let tried = 0; tried < RANGES; tried += 1) {
    const first = FIRST + ((process.pid + tried) % RANGES) * WIDTH;
    if (await claim(`hop3-spec-ports-${first}`)) {
      const addons = first + WIDTH - ADDON_PORTS;
      return { workers: `${first}-${addons - 1}`, addons: `${addons}-${first + WIDTH - 1}` };
    }
  }
  throw new Error(`all ${RANGES} port ranges are taken by worlds of other specs`);
}

function claim(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(`\0${name}`, () => resolve(true));
  });
}
