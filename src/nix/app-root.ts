import { withVersion, type AppIdentity } from './app-identity.ts';
import type { Fields } from './fields.ts';
import { shellQuote } from './quote.ts';
import { checkTreePath } from './tree.ts';

/** Which directory of a source is the app. */
export interface AppRoot {
  /** Leading directories of the archive to leave out. */
  readonly strip: number;
  /** The directory below the one of `unpackSource`, as a word for sh: `source` or `source/web`. */
  readonly directory: string;
  /** Builder's lines that look whether it is there. */
  readonly check: readonly string[];
}

/**
 * Reads `source-root` and `strip-components`. An archive's one directory at the top is left out, unless source-root says the way
 * as the archive has it; with both keys the way begins behind what is left out.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD for a path that leaves the source
 */
export function appRoot(fields: Fields, app: AppIdentity): AppRoot {
  const given = fields.text('source-root', '"shop-${version}/web"');
  const strip = fields.whole('strip-components', '1') ?? (given === null ? 1 : 0);
  const root = given === null ? '.' : checkTreePath('source-root', withVersion('source-root', given.replace(/\/+$/, ''), app));
  if (root === '.') return { strip, directory: 'source', check: [] };
  const directory = shellQuote(`source/${root}`);
  const told = shellQuote(`error: [nix] source-root: the source has no directory ${root}. It has:`);
  return { strip, directory, check: [`[ -d ${directory} ] || { echo ${told} "$(ls source | tr '\\n' ' ')" >&2; exit 1; }`] };
}
