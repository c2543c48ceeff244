import { Hop3Error } from '../errors.ts';
import { withVersion, type AppIdentity } from './app-identity.ts';
import type { AppSource } from './app-source.ts';
import type { Fields } from './fields.ts';
import { nixString, type NixCode } from './quote.ts';
import { checkTreePath } from './tree.ts';

/**
 * `sourceRoot` for stdenv: the directory as the archive has it, or one of the pushed tree, which is unpacked as `source`.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD for a path that leaves the source
 */
export function sourceRoot(fields: Fields, key: string, app: AppIdentity, source: AppSource): NixCode | null {
  const given = fields.text(key, '"server"');
  if (given === null) return null;
  const path = checkTreePath(key, withVersion(key, given.replace(/\/+$/, ''), app));
  if (path === '.') return null;
  return nixString(source.from === 'tree' ? `source/${path}` : path);
}

/**
 * Refuses an archive of unknown kind, for templates that leave the unpacking to stdenv.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD
 */
export function refuseUnpacked(fields: Fields, source: AppSource): void {
  if (source.from === 'tree' || source.archive !== null) return;
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `The template ${fields.template} unpacks an archive, and the end of [nix] url does not say which kind it is.`,
    next: 'Add archive = "tar-gz" (or "tar-bz2", "tar-xz", "zip").',
  });
}
