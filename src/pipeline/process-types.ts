import type { AppConfig } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import type { Runtime } from '../nix/model.ts';
import { didYouMean } from '../nearest.ts';
import type { Built } from './model.ts';

/** The most processes of one type; a typo must not start ten thousand. */
export const MOST_PROCESSES = 100;

/**
 * The process types of a release and their commands: those of its runtime.json, and those of Procfile and `[run]` that it does
 * not name. runtime.json wins, since its commands were made with the build.
 */
export function processTypes(built: Pick<Built, 'runtime' | 'config'>): Readonly<Record<string, string>> {
  return { ...built.config.processes, ...built.runtime.workers };
}

/** Lines for the push log on where Procfile and `[run]` went. */
export function processLines(runtime: Runtime, config: AppConfig): string[] {
  const names = Object.keys(config.processes);
  const added = names.filter((name) => !Object.hasOwn(runtime.workers, name));
  const hidden = names.filter((name) => Object.hasOwn(runtime.workers, name));
  return [
    ...(added.length === 0 ? [] : [`Procfile or [run] declares types -> ${added.join(', ')}`]),
    ...hidden.map((name) => `${name} of Procfile or [run] is not used: the build's runtime.json has its own`),
  ];
}

/**
 * The counts after a change, checked against what the live release has.
 * @throws Hop3Error HOP3_SCALE
 */
export function newCounts(types: readonly string[], before: Readonly<Record<string, number>>, changes: Readonly<Record<string, number>>): Record<string, number> {
  for (const [type, count] of Object.entries(changes)) {
    if (!types.includes(type)) {
      throw refused(`There is no process type "${printable(type)}".${didYouMean(type, types)}`, types.length === 0 ? 'The live release has no processes: it is a static site.' : `The live release has: ${types.join(', ')}.`);
    }
    if (!Number.isInteger(count) || count < 0 || count > MOST_PROCESSES) throw refused(`${type}=${count} is not a number of processes.`, `Between 0 and ${MOST_PROCESSES}.`);
    if (type === 'web' && count === 0) throw refused('web=0 would leave the app without an answer.', 'To take it offline for a while: hop3 maintenance on');
  }
  const after = { ...before, ...changes };
  return Object.fromEntries(Object.entries(after).filter(([type, count]) => count !== 1 && types.includes(type)));
}

function refused(what: string, next: string): Hop3Error {
  return new Hop3Error('HOP3_SCALE', { what, next });
}
