import type { Tier } from './model.ts';
import type { RenderedTemplate } from './templates/model.ts';

/** What each tier means, as the push log says it. */
export const TIER_WORDS: Readonly<Record<Tier, string>> = {
  1: 'packaged by nixpkgs',
  2: 'built from source, dependencies by lock file and hash',
  3: 'prebuilt by upstream',
};

/** "tier 2: built from source, dependencies by lock file and hash" */
export function tierText(tier: Tier): string {
  return `tier ${tier}: ${TIER_WORDS[tier]}`;
}

/** What may be said of a build without building it. Null: not known. */
export interface Assurance {
  /** The same commit gives the same bytes on any machine with the same pinned package set. */
  readonly reproducible: boolean | null;
  /** What runs was compiled from source that can be read, by steps that can be read. */
  readonly auditable: boolean | null;
  /** Nix systems it can be built for. */
  readonly architectures: readonly string[] | null;
  /** Why something is not so, a sentence each. */
  readonly reasons: readonly string[];
}

/** Systems that Hop3 itself runs on. */
const ANY_SYSTEM: readonly string[] = ['aarch64-linux', 'x86_64-linux'];

/** Of a hop3.nix by hand only its author knows. */
export const UNKNOWN: Assurance = { reproducible: null, auditable: null, architectures: null, reasons: [] };

/**
 * Judges a rendered template.
 * @param keys the keys of `[nix]`
 * @param host true where the package set is `host`, whose packages are whatever the distribution has today
 */
export function assess(rendered: Pick<RenderedTemplate, 'tier' | 'hashes' | 'systems'>, keys: Readonly<Record<string, unknown>>, host: boolean): Assurance {
  const unpinned = [
    ...(host ? ['the package set is host: its programs change with the distribution'] : []),
    ...rendered.hashes.filter((hash) => !hash.given).map((hash) => `${hash.key} is missing`),
    ...(keys['pip-packages'] === undefined ? [] : ['pip-packages are pinned by no lock file']),
  ];
  const prebuilt = rendered.tier === 3 ? ['what runs was built by upstream'] : [];
  return {
    reproducible: unpinned.length === 0,
    auditable: rendered.tier !== 3,
    architectures: rendered.systems ?? ANY_SYSTEM,
    reasons: [...unpinned, ...prebuilt],
  };
}
