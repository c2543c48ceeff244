import { ratios, spread } from './stats.ts';

export type Unit = 'ms' | 'MB' | 'requests/s' | 'requests';

/** What is asked of a row: of the ratio Hop3 / floor, or of Hop3's own figure where there is no floor. */
export interface Goal {
  readonly of: 'ratio' | 'figure';
  readonly most?: number;
  readonly least?: number;
}

/** One line of the table, with every counted figure: `hop3[i]` and `floor[i]` were taken right after each other. */
export interface Row {
  readonly what: string;
  /** What the floor is; null where the goal is absolute. */
  readonly beside: string | null;
  readonly unit: Unit;
  readonly floor: readonly number[];
  readonly hop3: readonly number[];
  readonly goal: Goal;
  /** What a reader must know of this row. */
  readonly note?: string;
  /** Milliseconds of each stage of Hop3's pushes, in the order they run; one figure a push. */
  readonly stages?: Readonly<Record<string, readonly number[]>>;
}

/** The figure that the goal is about. */
export function judged(row: Row): number {
  return row.goal.of === 'ratio' ? spread(ratios(row.hop3, row.floor)).median : spread(row.hop3).median;
}

/** Compared as it is printed, so that a table never shows 1.10 as missing a goal of 1.10. */
export function isMet(row: Row): boolean {
  const figure = Number(judged(row).toFixed(2));
  return (row.goal.most === undefined || figure <= row.goal.most) && (row.goal.least === undefined || figure >= row.goal.least);
}
