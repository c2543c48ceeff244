import type { AppSource } from './app-source.ts';
import { NixCode } from './quote.ts';

export interface Unpack {
  /** Builder's shell lines that leave the files, writable, in a directory `source`. */
  readonly lines: readonly string[];
  readonly nativeBuildInputs: readonly NixCode[];
}

/**
 * How a source becomes a directory `source`. stdenv's own unpacking is not used: it names the directory after the
 * archive's and fails where an archive has several entries at its top.
 * @param strip leading directories of the archive to leave out; a tree has none
 */
export function unpackSource(source: Pick<AppSource, 'from' | 'archive'>, strip: number): Unpack {
  if (source.from === 'tree') return { lines: ['cp -r --no-preserve=mode,ownership "$src" source'].concat(KEEP_EXECUTABLE), nativeBuildInputs: [] };
  if (source.archive === 'zip') return { lines: unzip(strip), nativeBuildInputs: [new NixCode('pkgs.unzip')] };
  if (source.archive === null) return { lines: ['mkdir source', 'cp "$src" source/'], nativeBuildInputs: [] };
  return { lines: ['mkdir source', `tar -xf "$src" -C source --no-same-owner --strip-components=${strip}`, 'chmod -R u+w source'], nativeBuildInputs: [] };
}

/** A store path's only mode that counts is the executable bit. */
const KEEP_EXECUTABLE = ['(cd "$src" && find . -type f -perm -u+x -print0) | (cd source && xargs -0r chmod +x)'];

/** unzip has no --strip-components: the directories are taken off one by one. */
function unzip(strip: number): string[] {
  const descend = Array.from({ length: strip }, () => [
    'set -- source/*',
    '[ "$#" = 1 ] && [ -d "$1" ] || { echo "strip-components: the archive has more than one entry there: $*" >&2; exit 1; }',
    'mv "$1" hop3-inner && rm -r source && mv hop3-inner source',
  ]).flat();
  return ['mkdir source', 'unzip -q "$src" -d source', ...descend, 'chmod -R u+w source'];
}
