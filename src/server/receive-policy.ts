import { Hop3Error } from '../errors.ts';
import type { RefCommand } from './receive-commands.ts';

/** What is to be done with a push, decided from its commands alone. */
export type Decision =
  /** `deploy` is the update of the deployed branch; `store` are refs that are only kept (tags). */
  | { readonly kind: 'accepted'; readonly deploy: RefCommand | null; readonly store: readonly RefCommand[] }
  /** One entry for each ref of the push, so that each one says why. `main` are those that are refused for themselves. */
  | { readonly kind: 'refused'; readonly reasons: ReadonlyMap<string, Hop3Error>; readonly main: readonly Hop3Error[] };

const FIRST_BRANCHES = ['refs/heads/main', 'refs/heads/master'];

/**
 * The rules for refs. A push is taken whole or refused whole.
 * @param branch the deployed branch, without refs/heads/; null before the first deploy
 */
export function decide(branch: string | null, commands: readonly RefCommand[]): Decision {
  const main = new Map<string, Hop3Error>();
  const deployed = branch === null ? FIRST_BRANCHES : [`refs/heads/${branch}`];
  const updates = commands.filter((command) => deployed.includes(command.ref));
  for (const command of commands) {
    const refusal = refusalOf(command, branch, updates.length > 1);
    if (refusal) main.set(command.ref, refusal);
  }
  if (main.size === 0) {
    const deploy = updates[0] ?? null;
    return { kind: 'accepted', deploy, store: commands.filter((command) => command !== deploy) };
  }
  const [guilty] = main.keys();
  const reasons = new Map(commands.map(({ ref }) => [ref, main.get(ref) ?? alsoRefused(ref, guilty!)]));
  // main and master are refused in the same words, which are told once.
  return { kind: 'refused', reasons, main: [...main.values()].filter((error, index, all) => all.findIndex((other) => other.what === error.what) === index) };
}

/** "main" of "refs/heads/main", "v1" of "refs/tags/v1". */
export function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, '');
}

export function isTag(ref: string): boolean {
  return ref.startsWith('refs/tags/');
}

function refusalOf(command: RefCommand, branch: string | null, severalUpdates: boolean): Hop3Error | null {
  const { ref } = command;
  if (isTag(ref)) return null;
  if (!ref.startsWith('refs/heads/')) {
    return new Hop3Error('HOP3_REF_KIND', {
      what: `${ref} is neither a branch nor a tag`,
      next: `Hop3 keeps the deployed branch and tags. Push the branch alone: git push hop3 ${branch ?? 'main'}`,
    });
  }
  const name = shortRef(ref);
  const isDeployed = branch === null ? FIRST_BRANCHES.includes(ref) : name === branch;
  if (isDeployed && command.new === null) {
    return new Hop3Error('HOP3_DELETE_BRANCH', {
      what: `${name} is the deployed branch and cannot be deleted`,
      next: 'To end the app: hop3 app destroy. To go back to an older commit: git push -f hop3 <commit>:' + name,
    });
  }
  if (isDeployed && severalUpdates) {
    return new Hop3Error('HOP3_TWO_BRANCHES', {
      what: 'main and master in one push: only one of them can be the deployed branch',
      next: 'Push the one that is to run: git push hop3 main',
    });
  }
  // Deleting a branch that is not deployed any more tidies up and deploys nothing.
  if (isDeployed || command.new === null) return null;
  return new Hop3Error('HOP3_OTHER_BRANCH', {
    what: branch === null ? `${name} cannot be the deployed branch: the first push goes to main or master` : `${name} is not the deployed branch, which is ${branch}`,
    next: `To deploy it: git push hop3 ${name}:${branch ?? 'main'}`,
  });
}

function alsoRefused(ref: string, guilty: string): Hop3Error {
  return new Hop3Error('HOP3_WHOLE_PUSH', { what: `${shortRef(ref)} was left alone because ${shortRef(guilty)} in the same push was refused` });
}
