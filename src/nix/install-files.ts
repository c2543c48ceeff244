import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import type { Fields } from './fields.ts';
import { OUT, type Piece } from './live-text.ts';
import { NixCode, nixPath, nixString, shellQuote } from './quote.ts';

export interface InstalledFiles {
  /** Where they lie in the output: what APPDIR stands for. */
  readonly directory: readonly Piece[];
  /** Builder's shell lines as Nix strings. */
  readonly commands: readonly NixCode[];
}

/**
 * `install-files`: files of the pushed tree that are copied into the output, each taken alone so that a change elsewhere
 * in the tree builds nothing anew.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD for a path that leaves the tree
 */
export function installFiles(fields: Fields, app: string): InstalledFiles {
  const target = `share/${app}`;
  const commands = fields.list('install-files', '["config/app.conf"]').map((file) => {
    if (!/^[^/\0\n]/.test(file) || file.split('/').some((part) => part === '..' || part === '')) {
      throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
        what: `[nix] install-files: "${printable(file)}" is not the path of a file of this tree.`,
        next: 'Paths are relative to the top of the tree, for example: install-files = ["config/app.conf"]',
      });
    }
    // Under one fixed name: a file's own name may hold characters that the store does not allow.
    const copy = `builtins.path { name = "file"; path = ${nixPath(`./source/${file}`).text}; }`;
    const word = (text: string) => nixString(text).text.slice(1, -1);
    const to = shellQuote(`${target}/${file}`);
    return new NixCode(`"mkdir -p \\"$out\\"/${word(shellQuote(dirname(`${target}/${file}`)))} && cp -r \${${copy}} \\"$out\\"/${word(to)}"`);
  });
  return { directory: [OUT, `/${target}`], commands };
}

function dirname(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
