import type { ErrorCode } from '../../error-catalog.ts';
import type { Finished } from '../../run.ts';
import type { FixedOutput } from '../model.ts';
import type { NixSettings } from '../nix-command.ts';

/** What is known of a nix run that failed. */
export interface NixFailure {
  readonly finished: Pick<Finished, 'code' | 'signal'>;
  /** The last lines of stderr, paths shortened. */
  readonly lines: readonly string[];
  /** False while nix was still evaluating. */
  readonly building: boolean;
  /** "hop3.nix:3:12", where nix or its trace named a line of the app's own files. */
  readonly location: string | null;
  readonly packageSet: string;
  readonly settings: NixSettings;
  /** What a template's expression fetches under a hash of hop3.toml; missing for a hop3.nix by hand. */
  readonly hashes?: readonly FixedOutput[] | undefined;
}

/** One reason for a failure, told by nix's own words. The first whose pattern fits is the one that is told. */
export interface Cause {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  what(match: RegExpExecArray, failure: NixFailure): string;
  next?(match: RegExpExecArray, failure: NixFailure): string | undefined;
}

/** "hop3.nix:3:12: ", or nothing where the place is not known. */
export function at(failure: NixFailure): string {
  return failure.location === null ? '' : `${failure.location}: `;
}

/** "/nix/store/<hash>-shop-1.0.drv!out" -> "shop-1.0" */
export function derivation(path: string): string {
  return path.replace(/^.*\/[0-9a-z]{32}-/, '').replace(/\.drv(?:!.*)?$/, '');
}
