import { Hop3Error } from '../../errors.ts';
import { printable } from '../../names.ts';
import type { Fields } from '../fields.ts';
import { NixCode } from '../quote.ts';
import { packagePath } from '../start-script.ts';

/**
 * What nixpkgs' PHP has without any extension, or turns on by itself and has no attribute for in every version. Named once
 * more, `xml` makes PHP print a warning on every start, on standard output; the others are no attributes of nixpkgs.
 */
const PART_OF_PHP = new Set(['core', 'date', 'hash', 'json', 'libxml', 'opcache', 'pcre', 'phar', 'random', 'reflection', 'spl', 'standard', 'xml']);

/** The PHP of the app, with its extensions: `php-version` and `php-extensions`. */
export function phpInterpreter(fields: Fields): { readonly code: NixCode; readonly notices: readonly string[] } {
  // Without php-version it is the set's own choice: 8.4 in nixpkgs 25.05 to 26.05, the distribution's on the host set.
  const version = fields.text('php-version', '"php83"');
  const php = packagePath('php-version', version ?? 'php');
  const asked = [...new Set(fields.list('php-extensions', '["pdo_pgsql", "redis"]').map(checkName))];
  const extensions = asked.filter((name) => !PART_OF_PHP.has(name.toLowerCase()));
  const left = asked.filter((name) => !extensions.includes(name));
  const lines = extensions.map((name) => `    all.${name}\n`).join('');
  return {
    code: extensions.length === 0 ? php : new NixCode(`${php.text}.withExtensions ({ enabled, all }: enabled ++ [\n${lines}  ])`),
    notices: [
      ...(version === null ? ["[nix] php-version is not given: the package set's default PHP"] : []),
      ...(left.length === 0 ? [] : [`[nix] php-extensions: ${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} part of PHP already`]),
    ],
  };
}

function checkName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `[nix] php-extensions: "${printable(name)}" is not the name of an extension.`,
    next: 'For example: php-extensions = ["pdo_pgsql", "redis"]. The names are those of nixpkgs, with underscores.',
  });
}
