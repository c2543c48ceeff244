/** A build's output as the choice sees it. */
export interface Candidate {
  readonly number: number;
  readonly storePath: string;
  /** Every store path that it needs, itself included. */
  readonly closure: readonly string[];
  /** The newest release that runs it; null for a build that never went live. */
  readonly version: number | null;
  readonly live: boolean;
}

export interface Bounds {
  /** Releases, the newest first, that can be rolled back to. */
  readonly releases: number;
  /** Bytes of store paths that only older releases need; null: no bound. */
  readonly bytes: number | null;
}

/** Numbers of the outputs to forget, and the bytes of store paths that nothing of the app needs then. */
export interface Choice {
  readonly forget: readonly number[];
  readonly bytes: number;
}

/**
 * Which outputs of an app go. What is live stays whatever it takes. Of the newest releases each stays whose own store paths still fit into the
 * bytes, the newest first: so a release that shares all of its paths with a newer one costs nothing. Builds that never went live go.
 * @param sizeOf bytes of a store path by itself
 */
export function chooseOutputs(outputs: readonly Candidate[], bounds: Bounds, sizeOf: (path: string) => number): Choice {
  const newest = new Set(outputs.flatMap(({ version }) => version ?? []).sort((a, b) => b - a).slice(0, bounds.releases));
  const needed = new Set(outputs.filter(({ live }) => live).flatMap(({ closure }) => closure));
  const forget: Candidate[] = [];
  let left = bounds.bytes ?? Number.POSITIVE_INFINITY;
  for (const output of [...outputs].sort((a, b) => (b.version ?? 0) - (a.version ?? 0))) {
    if (output.live) continue;
    const own = output.closure.filter((path) => !needed.has(path));
    const cost = sum(own, sizeOf);
    if (output.version === null || !newest.has(output.version) || cost > left) {
      forget.push(output);
      continue;
    }
    left -= cost;
    for (const path of own) needed.add(path);
  }
  const freed = new Set(forget.flatMap(({ closure }) => closure).filter((path) => !needed.has(path)));
  return { forget: forget.map(({ number }) => number).sort((a, b) => a - b), bytes: sum([...freed], sizeOf) };
}

function sum(paths: readonly string[], sizeOf: (path: string) => number): number {
  return paths.reduce((total, path) => total + sizeOf(path), 0);
}
