import type { Command } from '../run.ts';

/** Seconds for a question to git that reads a few objects. */
const QUICK = 30;

/** Who moved a branch, for the reflog: git writes a line there at each move. */
export const COMMITTER = { name: 'hop3', email: 'hop3@localhost' };

/** A git command on a bare repository, with nobody's configuration but the repository's own. */
export function git(repo: string, args: readonly string[], options: { limit?: number; env?: Record<string, string> } = {}): Command {
  return {
    file: 'git',
    // References are not synced unless asked for: after a power cut a branch could be an empty file.
    args: ['-c', 'core.fsync=committed,reference', `--git-dir=${repo}`, ...args],
    limit: options.limit ?? QUICK,
    env: {
      GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0',
      GIT_COMMITTER_NAME: COMMITTER.name, GIT_COMMITTER_EMAIL: COMMITTER.email,
      ...options.env,
    },
  };
}
