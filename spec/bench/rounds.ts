import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds of quiet before each measurement: nobody pushes twice within it, and what the one before left behind is done. */
const QUIET_MS = 500;
/** The same after a push of a web app, whose old release takes its time to finish. */
export const QUIET_WEB_MS = 2500;

export type Side = 'floor' | 'hop3';

/** Milliseconds, or what else a case counts. */
export type Measure = (round: number) => Promise<number>;

/**
 * Measures two things in turn, A B A B, so that whatever drifts hits both. Round 0 warms up and is not counted.
 * What `prepare` does comes before a side's measurement and is no part of it.
 */
export async function inTurn(runs: number, floor: Measure, hop3: Measure, prepare: Partial<Record<Side, Measure>> = {}, quietMs = QUIET_MS): Promise<Record<Side, number[]>> {
  const figures = { floor: [] as number[], hop3: [] as number[] };
  for (let round = 0; round <= runs; round += 1) {
    for (const [side, measure] of [['floor', floor], ['hop3', hop3]] as const) {
      await prepare[side]?.(round);
      await delay(quietMs);
      const figure = await measure(round);
      if (round > 0) figures[side].push(figure);
    }
  }
  return figures;
}

/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
