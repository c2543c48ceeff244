/** The middle half of some figures: median with the first and third quartile. */
export interface Spread {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

/** @throws RangeError where there is nothing to summarize */
export function spread(figures: readonly number[]): Spread {
  if (figures.length === 0) throw new RangeError('no figures');
  const sorted = [...figures].sort((a, b) => a - b);
  return { q1: quantile(sorted, 0.25), median: quantile(sorted, 0.5), q3: quantile(sorted, 0.75) };
}

/** Between two figures a quantile is interpolated linearly (R's type 7, the default of R and NumPy). */
export function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

/**
 * Each figure beside the floor of its own round. What both suffer from (another program, a warmer processor) cancels in the
 * pair, and would not in a quotient of two medians.
 * @throws RangeError where a figure has no partner
 */
export function ratios(hop3: readonly number[], floor: readonly number[]): number[] {
  if (hop3.length !== floor.length) throw new RangeError(`${hop3.length} figures beside ${floor.length} of the floor`);
  return hop3.map((figure, index) => figure / floor[index]!);
}
