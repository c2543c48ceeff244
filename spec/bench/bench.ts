import { World } from '../e2e/world.ts';
import { Floor } from './floor/floor.ts';
import type { Row } from './row.ts';

/** One case of the bench: what it measures, and the rows it gives. */
export interface Case {
  /** What `npm run bench -- <name>` calls it. */
  readonly name: string;
  run(bench: Bench): Promise<Row[]>;
}

/** Below the ports that the kernel gives to outgoing connections (32768 and up), one of which may still be held when a worker needs it. */
const WORKER_PORTS = '24000-24999';

/** What all cases of a run share. The server and the floor are made at their first use and ended by `end`. */
export class Bench {
  /** Counted runs of a case; each case has one warm-up run more. */
  readonly runs: number;
  /** A tenth of the apps and deploys, for a look at whether all works. */
  readonly quick: boolean;
  readonly #worlds = new Map<string, Promise<World>>();
  #floor: Promise<Floor> | null = null;

  constructor(runs: number, quick: boolean) {
    this.runs = runs;
    this.quick = quick;
  }

  /** The Hop3 server of this name, started by `hop3 up` at the first call. */
  world(name = 'main', settings: Record<string, string> = {}): Promise<World> {
    return held(this.#worlds, name, () => World.start({ HOP3_WORKER_PORTS: WORKER_PORTS, ...settings }));
  }

  /** What no receiver can beat: git's own http-backend, on the same machine and disk. */
  floor(): Promise<Floor> {
    this.#floor ??= Floor.start();
    return this.#floor;
  }

  /** Ends the Hop3 server of this name before the end of the bench. */
  async endWorld(name: string): Promise<void> {
    const world = this.#worlds.get(name);
    this.#worlds.delete(name);
    await (await world)?.stop();
  }

  say(text: string): void {
    process.stderr.write(`       ${text}\n`);
  }

  async end(): Promise<void> {
    const floor = await this.#floor?.catch(() => null);
    await floor?.stop();
    for (const name of this.#worlds.keys()) await this.endWorld(name).catch((error: unknown) => this.say(String(error)));
  }
}

function held<T>(kept: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  const known = kept.get(name) ?? make();
  kept.set(name, known);
  return known;
}
