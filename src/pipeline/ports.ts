import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { SlotName } from '../paths.ts';
import { isPortFree } from '../runtime/ports.ts';
import type { Host } from './job.ts';

/**
 * Gives a slot a port for each of its web processes and takes back what is too many. Gives whether anything changed, since nginx
 * must then be told.
 * @throws Hop3Error HOP3_NO_PORT
 */
export async function matchPorts(host: Pick<Host, 'store' | 'settings'>, app: AppName, slot: SlotName, count: number): Promise<boolean> {
  const { ports } = host.store;
  const has = ports.ofApp(app).filter((row) => row.slot === slot && row.process === 'web').length;
  if (has === count) return false;
  if (has > count) {
    ports.release(app, slot, 'web', count);
    return true;
  }
  const [first, last] = host.settings.workerPorts;
  const taken = new Set([...ports.taken(), ...host.store.fixedPorts.tcp()]);
  let candidate = first;
  for (let instance = has + 1; instance <= count; instance += 1) {
    while (candidate <= last && (taken.has(candidate) || !(await isPortFree(candidate)))) candidate += 1;
    if (candidate > last) {
      throw new Hop3Error('HOP3_NO_PORT', {
        what: `No worker port is free between ${first} and ${last}.`,
        next: 'Widen HOP3_WORKER_PORTS, or destroy apps that are not needed.',
      });
    }
    ports.assign({ app, slot, process: 'web', instance, port: candidate });
    candidate += 1;
  }
  return true;
}
