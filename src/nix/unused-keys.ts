import type { Fields } from './fields.ts';

/** One line for each key that is allowed but does nothing in this template: nothing is dropped in silence. */
export function unusedNotices(fields: Fields, unused: readonly string[]): string[] {
  const notices = unused.filter((key) => fields.has(key)).map((key) => `ignored: [nix] ${key} (the template ${fields.template} has no use for it)`);
  const withoutHome = fields.has('writable-home-env-var') && !fields.flag('writable-home-at-runtime') && !unused.includes('writable-home-env-var');
  return withoutHome ? [...notices, 'ignored: [nix] writable-home-env-var (writable-home-at-runtime = true is not there)'] : notices;
}
