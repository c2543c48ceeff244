import { performance } from 'node:perf_hooks';
import type { Barrier, Point, StepName } from './points.ts';

export type { Barrier, Point, StepName } from './points.ts';

/** Milliseconds that one stage took, to its end or to its failure. */
export interface StepTime {
  readonly name: StepName;
  readonly ms: number;
}

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
  async point(name: Point): Promise<void> {
    if (this.#barrier) await this.#barrier(name);
  }
}
