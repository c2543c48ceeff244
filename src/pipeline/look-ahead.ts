import type { StorePath } from '../names.ts';
import { isValidPath } from '../nix/store.ts';
import type { Job } from './job.ts';

/** The answer about a store path that was looked at ahead; null for any other path. */
export type LookAhead = (storePath: StorePath) => Promise<boolean> | null;

/**
 * Begins to look whether an earlier build's store path still exists, while it is not certain yet that the push goes back to it: the daemon
 * takes about 5 ms, and so does git. A look that failed throws when it is asked about, and is nobody's business otherwise.
 */
export function lookAhead({ app, store }: Pick<Job, 'app' | 'store'>, build: number): LookAhead {
  const path = store.builds.output(app, build)?.storePath;
  if (path === undefined) return () => null;
  const look = isValidPath(path);
  look.catch(() => {});
  return (asked) => (asked === path ? look : null);
}
