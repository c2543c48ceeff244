import type { Fields } from './fields.ts';

/** One line for each key that is allowed but does nothing in this template: nothing is dropped in silence. */
export function unusedNotices(fields: Fields, unused: readonly string[]): string[] {
  return unused.filter((key) => fields.has(key)).map((key) => `ignored: [nix] ${key} (the template ${fields.template} has no use for it)`);
}
