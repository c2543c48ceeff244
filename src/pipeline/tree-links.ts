/** A symlink of the tree and what it says. */
export interface TreeLink {
  readonly path: string;
  readonly target: string;
}

/** Symlinks followed on the way to one thing, as in the kernel. */
const MOST_HOPS = 40;
/** Steps through directories for all symlinks of a tree; honest ones need five each. */
const MOST_STEPS = 1_000_000;

/** The tree's symlinks lead through more steps than are walked. */
export class TooManySteps extends Error {
  readonly steps = MOST_STEPS;
}

/**
 * The symlinks that lead out of their tree. Each is followed step by step through the others, as the kernel would: `up/../x` is not
 * `x` where `up` is a symlink itself.
 * @throws TooManySteps
 */
export function linksOut(links: readonly TreeLink[]): TreeLink[] {
  const targets = new Map(links.map((link) => [link.path, link.target]));
  let steps = 0;
  return links.filter((link) => {
    let at = parent(link.path);
    const rest = link.target.split('/').reverse();
    if (link.target.startsWith('/')) return true;
    for (let hops = 0, part = rest.pop(); part !== undefined; part = rest.pop()) {
      steps += 1;
      if (steps > MOST_STEPS) throw new TooManySteps();
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (at === '') return true;
        at = parent(at);
        continue;
      }
      const here = at === '' ? part : `${at}/${part}`;
      const target = targets.get(here);
      if (target === undefined) {
        at = here;
        continue;
      }
      hops += 1;
      // Nobody can follow it any further.
      if (hops > MOST_HOPS) return false;
      if (target.startsWith('/')) return true;
      for (const name of target.split('/').reverse()) rest.push(name);
    }
    return false;
  });
}

function parent(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
