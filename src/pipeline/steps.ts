import { performance } from 'node:perf_hooks';

/** The stages of a deploy, by the names that the push log's times and the specs' barrier use. */
export type StepName =
  | 'transfer' | 'check' | 'turn' | 'receive' | 'look up' | 'checkout' | 'configure' | 'render' | 'build' | 'read runtime' | 'keep'
  | 'provision' | 'stage' | 'release phase' | 'start' | 'health' | 'switch' | 'record' | 'drain' | 'admin account';

/** Milliseconds that one stage took, to its end or to its failure. */
export interface StepTime {
  readonly name: StepName;
  readonly ms: number;
}

/** Called with the name of every point that a deploy passes; a deploy goes on when it resolves. Only specs stop here. */
export type Barrier = (point: string) => Promise<void>;

/** Runs the stages of one deploy by name: keeps what each took, and lets a spec hold the deploy before any of them. */
export class Steps {
  readonly #barrier: Barrier | null;
  readonly #times: StepTime[] = [];

  /** Without a barrier a point costs nothing. */
  constructor(barrier: Barrier | null = null) {
    this.#barrier = barrier;
  }

  /** What the stages so far took, in their order; without the drain, which nobody waits for. */
  get times(): readonly StepTime[] {
    return this.#times;
  }

  /** Notes what came before the stages. */
  note(...times: StepTime[]): void {
    this.#times.unshift(...times);
  }

  /** Runs a stage. `work` is called behind the stage's own point. */
  async run<T>(name: StepName, work: () => T | Promise<T>): Promise<T> {
    await this.point(name);
    const started = performance.now();
    try {
      return await work();
    } finally {
      if (name !== 'drain') this.#times.push({ name, ms: performance.now() - started });
    }
  }

  /** A point inside a stage, between two effects that a crash could part. */
  async point(name: string): Promise<void> {
    if (this.#barrier) await this.#barrier(name);
  }
}
