import type { StorePath } from '../names.ts';

/** What a build says about running it: `hop3/runtime.json` of the output, validated. */
export interface Runtime {
  /** Process type to shell command, without `static`. */
  readonly workers: Readonly<Record<string, string>>;
  /** The directory nginx serves; inside the release's own closure. */
  readonly static: string | null;
  readonly env: Readonly<Record<string, string>>;
  /** Directories that come first in PATH. */
  readonly path: readonly string[];
}

/** What `<nixpkgs>` is for a build. */
export interface PackageSet {
  readonly kind: 'host' | 'path' | 'pin';
  /** Absolute directory for `-I nixpkgs=`. */
  readonly path: string;
  /** Changes whenever the set may give other store paths for the same expression. */
  readonly id: string;
  /** One line for the push log, for example "nixos-25.05 (ac62194c3917)" . */
  readonly title: string;
}

/** 1: packages of the pinned set; 2: dependencies by lock file and hash; 3: prebuilt by upstream. */
export type Tier = 1 | 2 | 3;

/** A fixed-output derivation of a rendered expression whose hash is a key of hop3.toml. */
export interface FixedOutput {
  /** The derivation's exact name, as it stands behind the hash in its store path. */
  readonly derivation: string;
  /** The key of `[nix]`. */
  readonly key: string;
  /** False where hop3.toml has no hash yet: the expression holds one that nothing has, and nix prints the right one. */
  readonly given: boolean;
}

export interface BuildRequest {
  /** Absolute path of the expression, inside `sourceDir` or beside it. */
  readonly expression: string;
  /** The checked-out tree; its last component is `source`. */
  readonly sourceDir: string;
  readonly packageSet: PackageSet;
  /** Where the GC root symlink is made. */
  readonly rootLink: string;
  /** Under `host`, an expression that fetches its own nixpkgs is given ours: `--arg pkgs`. */
  readonly givePkgs: boolean;
  /** What a template's expression fetches under a hash of hop3.toml, for the message when one does not fit. */
  readonly hashes?: readonly FixedOutput[];
}

export interface BuildResult {
  readonly storePath: StorePath;
  /** The attribute `env` beside `package`, if the expression has one; runtime.json wins over it. */
  readonly expressionEnv: Readonly<Record<string, string>>;
}
