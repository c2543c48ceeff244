/**
 * The candidate that `word` was most likely meant to be, or null when nothing is near. Case counts for nothing, a
 * swap of two neighbours is one slip, and one slip in three letters is the most that still counts as a typing error.
 * Of equally near candidates the first wins.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  // Longer words than any name of ours are not typing errors, and the distance costs their length squared.
  if (word === '' || word.length > 64) return null;
  const meant = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(meant.length, candidate.length) / 3));
    if (Math.abs(meant.length - candidate.length) > limit) continue;
    const distance = slips(meant, candidate.toLowerCase());
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean "x"?` with its leading space, or the empty text: made to be put behind a sentence. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === null ? '' : ` Did you mean "${found}"?`;
}

/** Edit distance that counts a swap of neighbours as one step (optimal string alignment). */
function slips(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
