import type { RenderedTemplate } from './templates/model.ts';

/** A hop3.nix that `hop3 nix eject` wrote: it was put there on purpose, so it beats the [nix] table it came from. */
export interface Ejected {
  readonly template: string;
  /** "2026-11-23" */
  readonly date: string;
}

const HEADER = /^# Ejected by Hop3 \S+ from template ([a-z-]+) on (\d{4}-\d{2}-\d{2})/;

/** Reads the header that `ejectedText` writes; null for any other hop3.nix. */
export function readEjected(hop3Nix: string): Ejected | null {
  const match = HEADER.exec(hop3Nix);
  return match && { template: match[1]!, date: match[2]! };
}

/**
 * The text of the hop3.nix that takes a template's place.
 * @param rendered the template, rendered for the top of the tree (`around`)
 * @param version Hop3's own
 */
export function ejectedText(rendered: Pick<RenderedTemplate, 'template' | 'expression'>, version: string, date: Date): string {
  return [
    `# Ejected by Hop3 ${version} from template ${rendered.template} on ${date.toISOString().slice(0, 10)}.`,
    '#',
    '# From now on this file says how the app is built, and it is yours to change. The [nix] table of hop3.toml is ignored for',
    '# as long as the first line stands. Delete this file to go back to the template.',
    '#',
    rendered.expression,
  ].join('\n');
}

/** What is to be told of an ejected file: hashes that it does not have yet. */
export function ejectNotices(rendered: Pick<RenderedTemplate, 'hashes'>): string[] {
  return rendered.hashes.filter((hash) => !hash.given).map((hash) =>
    `[nix] ${hash.key} is missing, so hop3.nix holds pkgs.lib.fakeHash for ${hash.derivation}: put the hash there that the first push prints after "got:"`);
}
