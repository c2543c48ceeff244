import { createHash } from 'node:crypto';
import type { AppIdentity } from '../app-identity.ts';
import { hashCode, type AppSource } from '../app-source.ts';
import type { Fields } from '../fields.ts';
import { nixConcat } from '../live-text.ts';
import type { FixedOutput } from '../model.ts';
import { NixCode, nixPath, nixString, shellQuote } from '../quote.ts';
import type { TreePlace } from '../tree.ts';
import { sourceRoot } from './tree.ts';

export interface PhpComposer {
  /** Holes of the template's composer section. */
  readonly view: object;
  readonly hashes: readonly FixedOutput[];
}

/** Reads the keys of an app whose packages composer fetches; null where `needs-composer` is not set. */
export function phpComposer(fields: Fields, app: AppIdentity, source: AppSource, place: TreePlace): PhpComposer | null {
  if (!fields.flag('needs-composer')) return null;
  const hash = fields.text('composer-deps-hash', '"sha256-..."');
  const flags = fields.list('composer-extra-flags', '["--ignore-platform-reqs"]');
  return {
    view: {
      projectName: nixString(app.pname),
      projectVersion: nixString(composerVersion(app.version)),
      digest: digest(fields, app, source, place),
      vendorHash: hashCode(hash),
      strict: fields.flag('composer-strict-validation'),
      flags: flags.length === 0 ? [] : [{ line: flagsLine(flags) }],
    },
    // What follows is the version, and the digest behind it.
    hashes: [{ derivation: `${app.pname}-composer-vendor`, key: 'composer-deps-hash', given: hash !== null }],
  };
}

const LOCK_HELP = 'needs-composer = true fetches what composer.lock names. Run composer update --no-install and commit composer.json and composer.lock.';

/**
 * Text that changes with what the packages are decided by. It is part of the fetching derivation's name: under the old name
 * nix would take the old packages from the store, whatever composer.lock says now.
 */
function digest(fields: Fields, app: AppIdentity, source: AppSource, place: TreePlace): NixCode {
  if (source.from === 'url') {
    const text = ['url', 'sha256', 'archive', 'strip-components'].map((key) => (fields.has(key) ? fields.scalar(key, '""') : '')).join('\n');
    return nixString(createHash('sha256').update(`${text}\n${sourceRoot(fields, app)}`).digest('hex'));
  }
  const root = sourceRoot(fields, app);
  const hashes = ['composer.json', 'composer.lock'].map((name) => {
    const file = root === '.' ? name : `${root}/${name}`;
    const path = nixPath(place === 'beside' ? `./source/${file}` : `./${file}`).text;
    return `(if builtins.pathExists ${path} then builtins.hashFile "sha256" ${path} else throw ${nixString(`The pushed tree has no ${file}. ${LOCK_HELP}`).text})`;
  });
  return new NixCode(`(builtins.hashString "sha256" (${hashes.join(' + ')}))`);
}

/** composer reads the version, and refuses one that it does not understand. */
function composerVersion(version: string | null): string {
  const plain = /^v?(\d{1,5}(?:\.\d+){0,3})/.exec(version ?? '')?.[1];
  return plain ?? '0';
}

/** composer understands these arguments at `install` alone, and the builders of nixpkgs run it for other things as well. */
function flagsLine(flags: readonly string[]): NixCode {
  return nixConcat([`case " $* " in *" install "*) set -- "$@" ${flags.map(shellQuote).join(' ')} ;; esac`]);
}
