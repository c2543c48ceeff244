import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { run, runOk } from '../run.ts';
import type { Oid } from '../names.ts';
import { git } from './command.ts';

/** Seconds that a walk over a whole repository, or writing it anew, may take. */
const LIMIT = 3600;
/** Objects of the last day stay whatever they hang on: they may belong to a push that is under way or waits for its turn. */
const STAYS = '1.day.ago';
/** Entries of a reflog that one command names. */
const AT_ONCE = 500;

/** Bytes of objects in a repository: all, and those that a branch or a reflog leads to. */
export async function objectBytes(repo: string): Promise<{ readonly all: number; readonly reachable: number }> {
  const counted = await runOk(git(repo, ['count-objects', '-v'], { limit: LIMIT }));
  const kilobytes = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(counted)?.[1] ?? 0);
  const reachable = await run(git(repo, ['rev-list', '--disk-usage', '--objects', '--all', '--reflog'], { limit: LIMIT }));
  return { all: (kilobytes('size') + kilobytes('size-pack')) * 1024, reachable: Number(reachable.stdout.trim()) || 0 };
}

/**
 * Takes entries out of the reflogs that nothing will ask for: a reflog is what keeps commits that a rollback or a forced push took from the branch.
 * The newest entry of each stays. No ref may be moved meanwhile.
 * @param needed commits that must stay
 */
export async function trimReflogs(repo: string, needed: ReadonlySet<Oid>): Promise<void> {
  for (const ref of await reflogs(repo)) {
    const lines = (await readFile(join(repo, 'logs', ref), 'utf8')).split('\n').filter((line) => line !== '').reverse();
    // An entry leads to two commits, the one before it too.
    const useless = lines.flatMap((line, index) => (index > 0 && !needed.has(line.slice(41, 81) as Oid) ? [index] : []));
    // From the oldest on: each deletion changes the numbers of those behind it.
    const oldestFirst = useless.reverse();
    for (let at = 0; at < oldestFirst.length; at += AT_ONCE) {
      await runOk(git(repo, ['reflog', 'delete', '--rewrite', ...oldestFirst.slice(at, at + AT_ONCE).map((index) => `${ref}@{${index}}`)], { limit: LIMIT }));
    }
  }
}

/** Packs anew, without the objects of more than a day ago that nothing leads to. */
export async function repack(repo: string): Promise<void> {
  await runOk(git(repo, ['gc', '--quiet', `--prune=${STAYS}`], { limit: LIMIT }));
}

async function reflogs(repo: string): Promise<string[]> {
  const logs = join(repo, 'logs');
  const entries = await readdir(logs, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(logs, join(entry.parentPath ?? entry.path, entry.name)));
}
