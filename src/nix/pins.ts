/** A revision of nixpkgs that this version of Hop3 brings along. */
export interface BuiltInPin {
  readonly branch: string;
  readonly rev: string;
  /** Of the unpacked tree, as builtins.fetchTarball checks it. */
  readonly sha256: string;
}

/** nixpkgs from 25.11 on refuses to be evaluated by a Nix older than this. */
const NEEDED_BY_NEW: readonly [number, number] = [2, 18];

/** The last revision of nixos-25.05, the newest branch that older versions of Nix evaluate; lastModified 2026-01-02. */
const FOR_OLD_NIX: BuiltInPin = {
  branch: 'nixos-25.05', rev: 'ac62194c3917d5f474c1a844b6fd6da2db95077d', sha256: '0v6bd1xk8a2aal83karlvc853x44dg1n4nk08jg3dajqyy0s98np',
};

/** nixos-26.05, lastModified 2026-08-04. */
const FOR_NEW_NIX: BuiltInPin = {
  branch: 'nixos-26.05', rev: '04607e1165ac22c5fde6dcc54c9e0b3c0487c555', sha256: '0ivfvfm86f81jpyycqlbq96kyk5nd5vp786f69zsjxv17bkam83w',
};

/** The pin for a Nix that calls itself "nix-build (Nix) 2.8.0"; the one for old versions where no number is found. */
export function builtInPin(versionLine: string): BuiltInPin {
  const match = /(\d+)\.(\d+)/.exec(versionLine);
  if (!match) return FOR_OLD_NIX;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const isNew = major > NEEDED_BY_NEW[0] || (major === NEEDED_BY_NEW[0] && minor >= NEEDED_BY_NEW[1]);
  return isNew ? FOR_NEW_NIX : FOR_OLD_NIX;
}
