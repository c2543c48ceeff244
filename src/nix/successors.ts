/**
 * What took the place of packages that nixpkgs no longer has, or refuses as insecure. From nixpkgs' release notes 25.05 to
 * 26.05 and its pkgs/top-level/aliases.nix; every successor is in nixos-25.05 and in nixos-26.05 unless it says otherwise.
 */
interface Family {
  /** The attribute, as it is written behind `pkgs.`; its last group, if any, is kept at the end of the successors. */
  readonly attribute: RegExp;
  /** The same in the sentences and package names that nixpkgs' errors use; group 1 is the version. */
  readonly told?: RegExp;
  /** The attribute that a version belongs to. */
  readonly named?: (version: string) => string;
  readonly successors: readonly string[];
  readonly because: string;
}

const END_OF_LIFE = 'It has reached its end of life.';

const FAMILIES: readonly Family[] = [
  {
    attribute: /^php(?:5|7|8[01])\d*(Packages|Extensions)?$/, told: /\bphp-?(8[01]|7\d)\b/, named: (version) => `php${version}`,
    successors: ['php82', 'php83', 'php84'], because: END_OF_LIFE,
  },
  {
    attribute: /^nodejs(?:_|-)(?:\d|1\d|20|21|23|25)(?:_x)?$|^nodejs-slim_(?:1\d|20|21|23|25)$/,
    told: /\bnodejs-(?:slim-)?(1\d|20|21|23|25)\b|\bNode\.?js (1\d|20|21|23|25)\b/i, named: (version) => `nodejs_${version}`,
    successors: ['nodejs_22', 'nodejs_24'], because: END_OF_LIFE,
  },
  { attribute: /^python3(?:[0-9]|10)(Packages)?$/, successors: ['python312', 'python313'], because: END_OF_LIFE },
  { attribute: /^python2\d?(Packages|Full)?$/, successors: ['python3'], because: 'Python 2 is no longer maintained.' },
  { attribute: /^ruby_(?:2_\d|3_[0-2])$/, told: /\bruby[_-](3[_.][0-2])\b/, named: (version) => `ruby_${version.replace('.', '_')}`, successors: ['ruby_3_3', 'ruby_3_4'], because: END_OF_LIFE },
  {
    attribute: /^(?:open)?(?:jdk|jre)(?:9|1[02-689]|2[0234])(_headless)?$/, told: /\bOpenJDK (9|1[02-689]|2[0234])\b/i, named: (version) => `jdk${version}`,
    successors: ['jdk21', 'jdk17'], because: 'Only the releases with long support stay.',
  },
  { attribute: /^pnpm_[6-9]$/, told: /\bpnpm-([6-9])\.\d/, named: (version) => `pnpm_${version}`, successors: ['pnpm_10'], because: END_OF_LIFE },
  { attribute: /^gradle_[4-7]$/, told: /\bgradle-([4-7])\.\d/, named: (version) => `gradle_${version}`, successors: ['gradle_8'], because: END_OF_LIFE },
  {
    attribute: /^go_1_(?:1\d|2[0-4])$|^buildGo1(?:1\d|2[0-4])Module$/, told: /\b[Gg]o 1\.(1\d|2[0-4])\b/, named: (version) => `go_1_${version}`,
    successors: ['go'], because: 'Go keeps its last two releases; a newer one builds older modules too.',
  },
  {
    attribute: /^nextcloud(?:2\d|3[01])(Packages)?$/, told: /\bNextcloud v(2\d|3[01])\b/, named: (version) => `nextcloud${version}`,
    successors: ['nextcloud32', 'nextcloud33'], because: `${END_OF_LIFE} Nextcloud takes one version at a time: go through each.`,
  },
  {
    attribute: /^postgresql_(?:9_\d|1[0-3])$/, told: /\bpostgresql[_-](1[0-3])\b/, named: (version) => `postgresql_${version}`,
    successors: ['postgresql_16', 'postgresql_17'], because: END_OF_LIFE,
  },
  { attribute: /^mysql80$/, told: /'mysql(80)'/, named: () => 'mysql80', successors: ['mariadb'], because: END_OF_LIFE },
  { attribute: /^nodePackages(?:_latest)?$/, told: /\b(nodePackages)\b/, named: () => 'nodePackages', successors: [], because: 'Most of its packages are at the top now: pkgs.pnpm in place of pkgs.nodePackages.pnpm.' },
  { attribute: /^composer$/, successors: ['php83Packages.composer'], because: 'It belongs to a PHP.' },
  { attribute: /^opcache$/, successors: [], because: 'PHP 8.5 has it built in: take it out of php-extensions.' },
  { attribute: /^json$/, successors: [], because: 'PHP has had it built in since 8.0: take it out of php-extensions.' },
];

/** Every attribute that is named as somebody's successor. */
export const SUCCESSORS: readonly string[] = [...new Set(FAMILIES.flatMap((family) => family.successors))];

/** An attribute that is no more, with what to write in its place. */
export interface Removed {
  readonly attribute: string;
  /** One line for the push: why, and what to use. */
  readonly advice: string;
}

/** What took the place of an attribute, or null where nothing is known of it. */
export function successorOf(attribute: string): Removed | null {
  for (const family of FAMILIES) {
    const match = family.attribute.exec(attribute);
    if (match !== null) return { attribute, advice: advice(family, match[1] ?? '') };
  }
  return null;
}

/** The same for an attribute that a sentence or a package name (`nodejs-20.20.2`) of nixpkgs tells of. */
export function successorIn(text: string): Removed | null {
  for (const family of FAMILIES) {
    const match = family.told?.exec(text);
    const version = match?.slice(1).find((group) => group !== undefined);
    if (version !== undefined) return { attribute: family.named!(version), advice: advice(family, '') };
  }
  return null;
}

function advice(family: Family, ending: string): string {
  const names = family.successors.map((name) => `${name}${ending}`);
  if (names.length === 0) return family.because;
  const list = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
  return `${family.because} Use ${list} in its place.`;
}
