import { exec, until, type Ran, type Repo } from './world.ts';

/** A push that goes on in the background. */
export interface RunningPush {
  readonly ended: Promise<Ran>;
  /** What git printed so far. */
  readonly seen: () => string;
  /** Resolves when git has printed the text. */
  readonly said: (text: string, seconds?: number) => Promise<void>;
}

export function startPush(repo: Repo, options: { args?: readonly string[]; limit?: number } = {}): RunningPush {
  let seen = '';
  const ended = exec('git', ['push', ...(options.args ?? ['hop3', 'main'])], { cwd: repo.dir, env: repo.world.env, limit: options.limit ?? 120, onOutput: (text) => { seen += text; } });
  return {
    ended,
    seen: () => seen,
    said: (text, seconds = 40) => until(`"${text}" in the log of the push of ${repo.app}`, () => seen.includes(text), seconds).catch((error: Error) => { throw new Error(`${error.message}; it says:\n${seen}`); }),
  };
}
