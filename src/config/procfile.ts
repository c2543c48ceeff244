import { printable } from '../names.ts';
import type { Problems } from './problems.ts';

const FILE = 'Procfile';
/** Release tasks under their two names: Heroku says release, others say prerun. */
const BEFORE_RUN = ['prerun', 'release'] as const;
const TYPE = /^[A-Za-z][A-Za-z0-9_-]{0,30}$/;
/** Process types become keys of objects; these two words mean something there. */
const FORBIDDEN = new Set(['constructor', 'prototype']);

export interface ProcfileEntry {
  readonly command: string;
  readonly line: number;
}

export interface Procfile {
  /** The long-running types: web, worker and what else there is. */
  readonly processes: ReadonlyMap<string, ProcfileEntry>;
  /** `prerun:` or `release:`, run once before the workers. */
  readonly beforeRun: ProcfileEntry | null;
  readonly prebuild: ProcfileEntry | null;
}

/** Reads `<type>: <command>` lines; empty lines and lines that begin with `#` are skipped. */
export function parseProcfile(text: string, problems: Problems): Procfile {
  const entries = new Map<string, ProcfileEntry>();
  for (const [index, raw] of text.split('\n').entries()) {
    const entry = raw.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const line = index + 1;
    const position = { line, column: raw.length - raw.trimStart().length + 1 };
    const fault = (message: string) => problems.add(FILE, position, () => message);
    const colon = entry.indexOf(':');
    const type = entry.slice(0, Math.max(colon, 0)).trimEnd();
    const command = entry.slice(colon + 1).trim();
    const earlier = entries.get(type);
    if (colon < 0) fault('this line should be "<type>: <command>", such as "web: ./serve".');
    else if (!TYPE.test(type) || FORBIDDEN.has(type)) {
      fault(`"${printable(type)}" cannot be a process type: 1 to 31 letters, digits, "_" and "-", beginning with a letter.`);
    } else if (type === 'static') fault('"static" is no process; the build names a static directory in its runtime.json.');
    else if (command === '') fault(`"${type}:" has no command.`);
    else if (command.includes('\0')) fault('this line holds a NUL character, which no program can be given.');
    else if (earlier !== undefined) fault(`"${type}" is there twice (first on line ${earlier.line}).`);
    else entries.set(type, { command, line });
  }
  return sortOut(entries, problems);
}

function sortOut(entries: Map<string, ProcfileEntry>, problems: Problems): Procfile {
  const [prerun, release] = BEFORE_RUN.map((type) => entries.get(type) ?? null);
  if (prerun && release) {
    const later = Math.max(prerun.line, release.line);
    problems.add(FILE, { line: later, column: 1 }, () => `"prerun" and "release" are two names for the same step (line ${Math.min(prerun.line, release.line)} has the other); keep one.`);
  }
  const prebuild = entries.get('prebuild') ?? null;
  for (const type of [...BEFORE_RUN, 'prebuild']) entries.delete(type);
  return { processes: entries, beforeRun: prerun ?? release ?? null, prebuild };
}
