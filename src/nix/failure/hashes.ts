import { Hop3Error } from '../../errors.ts';
import type { FixedOutput } from '../model.ts';
import { derivation, type NixFailure } from './model.ts';

const MISMATCH = /error: hash mismatch in fixed-output derivation '([^']+)'/;
const DOWNLOADED = /error: hash mismatch in file downloaded from '([^']+)'/;

/** The error for something that was fetched and has another hash than was asked for, or null. */
export function hashFailure(failure: NixFailure, why: string): Hop3Error | null {
  const text = failure.lines.join('\n');
  const built = MISMATCH.exec(text);
  const got = failure.lines.map((line) => /^\s*got:\s+(\S+)/.exec(line)?.[1]).find((found) => found !== undefined);
  if (built !== null) {
    const name = derivation(built[1]!);
    const key = keyOf(name, failure.hashes ?? []);
    if (key === null) return inExpression(`${name} has another hash than the expression says.`, got, why);
    return key.given ? given(key.key, name, got, why) : missing(key.key, name, got, why);
  }
  const downloaded = DOWNLOADED.exec(text);
  if (downloaded === null) return null;
  // A template fetches nothing else while it is evaluated.
  const isPin = failure.hashes !== undefined && downloaded[1]!.includes('/NixOS/nixpkgs/');
  return isPin ? given('nixpkgs-sha256', downloaded[1]!, got, why) : inExpression(`${downloaded[1]} has another hash than the expression says.`, got, why);
}

/** Names such as "shop-wheels-py3.11-1a2b3c4d" begin with what the template called them. */
function keyOf(name: string, hashes: readonly FixedOutput[]): FixedOutput | null {
  const fits = hashes.filter((each) => name === each.derivation || name.startsWith(`${each.derivation}-`));
  return fits.sort((one, other) => other.derivation.length - one.derivation.length)[0] ?? null;
}

function missing(key: string, name: string, got: string | undefined, why: string): Hop3Error {
  return new Hop3Error('HOP3_BUILD_HASH_MISSING', {
    what: `[nix] ${key} is missing. ${name} was fetched to find out what it is.`,
    why,
    ...(got !== undefined && { next: `Add under [nix], commit, and push again:\n  ${key} = "${got}"` }),
  });
}

function given(key: string, name: string, got: string | undefined, why: string): Hop3Error {
  return new Hop3Error('HOP3_BUILD_HASH', {
    what: `${name} is not what hop3.toml says: [nix] ${key} is the hash of something else.`,
    why,
    ...(got !== undefined && {
      next: `If the lock file, the version or the address was changed on purpose, this is the line for it:\n  ${key} = "${got}"\n`
        + 'If nothing was, somebody changed what is behind the address: look before you take it.',
    }),
  });
}

function inExpression(what: string, got: string | undefined, why: string): Hop3Error {
  return new Hop3Error('HOP3_BUILD_HASH', {
    what: `${what}${got === undefined ? '' : ` It is now ${got}.`}`,
    why,
    next: 'If the new content is what you want, put the hash after "got:" in the place of the old one.',
  });
}
