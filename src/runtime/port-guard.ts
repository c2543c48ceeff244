import { relative, sep } from 'node:path';
import type { AppName } from '../names.ts';
import { SLOTS, type Paths, type SlotName } from '../paths.ts';
import { holdersOf, openSockets, outsideDirectory } from './processes.ts';

/** A port of this machine and whose it is. */
export interface Reserved {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Null for Hop3's own: git and API, nginx, database servers. */
  readonly app: AppName | null;
}

/** What of an app runs a process. */
export type Culprit =
  | { readonly app: AppName; readonly kind: 'worker'; readonly slot: SlotName; readonly worker: string }
  /** A command that runs once; `dir` is its directory. */
  | { readonly app: AppName; readonly kind: 'one-off'; readonly dir: string };

export interface Intruder {
  readonly culprit: Culprit;
  readonly port: Reserved;
}

/**
 * Finds apps that listen on ports which belong to others. Apps share the machine's network and its loopback addresses, and the kernel gives a free port to
 * whoever comes first; so a port whose process is down, or restarting, can be taken by another app.
 */
export class PortGuard {
  readonly #paths: Paths;
  /** Sockets that were seen to be their owner's; a socket never changes hands without its owner's help. */
  #trusted = new Set<string>();
  #foreign = new Set<number>();
  /** Sockets that were there at the last look and not yet trusted: who hides is asked for at the second look only, since a process may have ended in between. */
  #unheld = new Set<string>();

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  /** Looks at every socket on a reserved port. Without a new one that costs a look into /proc/net. */
  async look(reserved: readonly Reserved[]): Promise<Intruder[]> {
    const wanted = new Map(reserved.map((one) => [`${one.protocol}:${one.port}`, one]));
    const sockets = (await openSockets()).filter(({ protocol, port }) => wanted.has(`${protocol}:${port}`));
    const unknown = sockets.filter(({ inode }) => !this.#trusted.has(inode));
    this.#trusted = new Set(sockets.map(({ inode }) => inode).filter((inode) => this.#trusted.has(inode)));
    this.#foreign = new Set();
    const before = this.#unheld;
    this.#unheld = new Set();
    if (unknown.length === 0) return [];
    const { holders, closed } = holdersOf(new Set(unknown.map(({ inode }) => inode)));
    const intruders = new Map<string, Intruder>();
    for (const { protocol, port, inode, uid } of unknown) {
      const owner = wanted.get(`${protocol}:${port}`)!;
      const culprits = holders.has(inode) ? this.#culprits(holders.get(inode)!) : uid === process.getuid?.() && before.has(inode) ? this.#hiding(closed) : [];
      this.#unheld.add(inode);
      const others = culprits.filter(({ app }) => app !== owner.app);
      for (const culprit of others) intruders.set(JSON.stringify(culprit), { culprit, port: owner });
      const isOwners = others.length === 0 && (owner.app === null || culprits.length > 0);
      if (isOwners) this.#trusted.add(inode);
      else if (protocol === 'tcp') this.#foreign.add(port);
    }
    return [...intruders.values()];
  }

  /** Whether at the last look somebody else than its owner listened on a TCP port: an answer from there says nothing of the owner. */
  isForeign(port: number): boolean {
    return this.#foreign.has(port);
  }

  #culprits(pids: readonly number[]): Culprit[] {
    return pids.flatMap((pid) => this.#culprit(pid) ?? []);
  }

  /** What may have a socket that no process shows. Where processes of several apps hide nobody can tell which of them it is, and none is named. */
  #hiding(closed: readonly number[]): Culprit[] {
    const culprits = this.#culprits(closed);
    return new Set(culprits.map(({ app }) => app)).size === 1 ? culprits : [];
  }

  #culprit(pid: number): Culprit | null {
    const dir = outsideDirectory(pid, this.#paths.apps);
    if (dir === null) return null;
    const [app, kind, slotText, , worker] = relative(this.#paths.apps, dir).split(sep) as [AppName, string, string?, string?, string?];
    const slot = SLOTS.find((one) => one === slotText);
    if (kind === 'slots' && slot && worker) return { app, kind: 'worker', slot, worker };
    return kind === 'one-offs' ? { app, kind: 'one-off', dir } : null;
  }
}
