import { portVariable, type AppConfig, type PortRequest } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import { liveSlot } from '../runtime/slots.ts';
import { firstOpenPort, isPortFree, isUdpPortFree, portUser } from '../runtime/ports.ts';
import { pauseWorkers, portHolders } from '../runtime/services.ts';
import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import type { Job } from './job.ts';
import type { Staged } from './stage.ts';

type Port = Pick<PortRequest, 'number' | 'protocol'>;

/** PORT_SMTP=2525 for each fixed port. */
export function portVariables(ports: readonly PortRequest[]): Record<string, string> {
  return Object.fromEntries(ports.map((port) => [portVariable(port), String(port.number)]));
}

/** "2525/tcp", or "2525/tcp (smtp)" */
export function portText({ number, protocol, name }: PortRequest): string {
  return `${number}/${protocol}${name === null ? '' : ` (${name})`}`;
}

/**
 * Gives the app the fixed ports that its `[[ports]]` ask for, in the host's register. Those that it has already stay; the others
 * must be nobody's: no app's, not Hop3's own, and no program may use them. A deploy that fails gives back what it got.
 * @throws Hop3Error HOP3_FIXED_PORT
 */
export async function claimPorts(job: Job, { ports }: Pick<AppConfig, 'ports'>): Promise<void> {
  const { store, settings, app, undo, log, paths } = job;
  if (ports.length > 0) store.unsettled.begin(app, liveSlot(paths, app));
  for (const port of ports) {
    const isNew = refuseForeign(store, app, port);
    if (isNew) {
      refuseReserved(settings, port);
      if (!(await isFree(port))) throw refused(`port ${portText(port)} is used by ${portUser(port.number, port.protocol)}.`, 'End that program, or choose another port.');
      // Another app's deploy may have come in between.
      refuseForeign(store, app, port);
    }
    store.fixedPorts.claim({ ...port, app });
    if (!isNew) continue;
    undo.add(`give back port ${portText(port)}`, () => store.fixedPorts.release(app, port.number, port.protocol));
    log.line(`Port ${portText(port)} belongs to ${app} now; its processes find it in ${portVariable(port)}`);
  }
}

/** After the switch: ports that the live release does not ask for are anybody's again. */
export function giveBackPorts({ store, app, log }: Pick<Job, 'store' | 'app' | 'log'>, { ports }: Pick<AppConfig, 'ports'>): void {
  for (const row of store.fixedPorts.ofApp(app)) {
    if (ports.some((port) => same(port, row))) continue;
    store.fixedPorts.release(app, row.number, row.protocol);
    log.line(`Port ${portText(row)} is given back: this release does not ask for it`);
  }
}

/**
 * Two releases cannot listen on one fixed port. So the processes of the live release that use one which the new release asks for are stopped
 * before the new ones start; `staged.paused` names them, and the undo of the stage starts them again when the deploy fails.
 * @throws Hop3Error HOP3_FIXED_PORT when somebody else has a port by then
 */
export async function freePorts(job: Job, ports: readonly PortRequest[], staged: Staged): Promise<void> {
  const { app, paths, log, store } = job;
  if (ports.length === 0) return;
  const live = liveSlot(paths, app);
  const holders = live === null ? [] : portHolders(paths, app, live, ports);
  if (live !== null && holders.length > 0) {
    const version = store.releases.live(app)?.version ?? 0;
    for (const { worker, ports: held } of holders) log.line(`${worker} of v${version} has port ${held.map(portText).join(' and ')}, which v${staged.provisioned.lineage.version} needs: it stops now`);
    if (holders.some(({ worker }) => worker.startsWith('web.'))) log.line('The app does not answer until the new release is ready. A fixed port in a process type of its own would spare it that');
    staged.paused.push(...holders.map(({ worker }) => worker));
    await pauseWorkers(paths, app, live, staged.paused, staged.spec.stopGraceMs);
  }
  for (const port of ports) {
    if (!(await isFree(port))) throw refused(`port ${portText(port)} is used by ${portUser(port.number, port.protocol)}.`, 'End that program and push again.');
  }
}

function isFree({ number, protocol }: Port): Promise<boolean> {
  return protocol === 'tcp' ? isPortFree(number) : isUdpPortFree(number);
}

/** Gives whether the port is nobody's yet. */
function refuseForeign(store: Store, app: AppName, port: PortRequest): boolean {
  const owner = store.fixedPorts.get(port.number, port.protocol);
  if (owner !== null && owner.app !== app) throw refused(`port ${portText(port)} belongs to the app ${owner.app}.`, `A fixed port has one owner on a server. Choose another one, or free it there: take [[ports]] ${port.number} out of ${owner.app} and push that.`);
  return owner === null;
}

function refuseReserved(settings: Pick<Settings, 'listen' | 'httpListen' | 'workerPorts' | 'addonPorts'>, port: PortRequest): void {
  const { number, protocol } = port;
  const least = firstOpenPort();
  if (number < least) {
    throw refused(`ports below ${least} take a right that apps do not have, so ${portText(port)} could not be used.`, `Choose a port of ${least} or above; or have the operator open them to everybody: sysctl net.ipv4.ip_unprivileged_port_start=${number}`);
  }
  if (protocol === 'udp') return;
  if (number === settings.listen.port) throw refused(`port ${portText(port)} is Hop3's own (HOP3_LISTEN).`, 'Choose another port.');
  if (number === settings.httpListen.port) throw refused(`port ${portText(port)} is where the apps answer (HOP3_HTTP_LISTEN).`, 'Choose another port.');
  for (const [name, [first, last]] of [['HOP3_WORKER_PORTS', settings.workerPorts], ['HOP3_ADDON_PORTS', settings.addonPorts]] as const) {
    if (number >= first && number <= last) throw refused(`port ${portText(port)} lies in the range ${first}-${last} that Hop3 gives ports from (${name}).`, `Choose one outside of it, or have the operator move ${name}.`);
  }
}

function same(a: Port, b: Port): boolean {
  return a.number === b.number && a.protocol === b.protocol;
}

function refused(what: string, next: string): Hop3Error {
  return new Hop3Error('HOP3_FIXED_PORT', { what: `[[ports]]: ${what}`, next });
}
