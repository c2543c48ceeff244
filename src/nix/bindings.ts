import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import type { Fields } from './fields.ts';
import { isBalanced } from './nix-balance.ts';
import { isNixIdentifier, NixCode } from './quote.ts';

/** One `name = value;` of the expression's `let`. */
export interface Binding {
  readonly name: string;
  readonly value: NixCode;
}

/** Names that would hide what the expression itself needs. */
const TAKEN = new Set(['pkgs', 'builtins', 'import', 'placeholder', 'true', 'false', 'null', 'toString', 'out']);

/** A name as `${...}` writes it: `-` becomes `_`. Null when it cannot be a name there. */
function bindingName(name: string): string | null {
  const text = name.replaceAll('-', '_');
  return isNixIdentifier(text) && !TAKEN.has(text) && !text.startsWith('hop3_') ? text : null;
}

/**
 * The names that an app's `${...}` may use, sorted: those that the template gives (the app's id, `pkg`, `php` ...) and those of
 * `[nix.let-extra]`, which win. A given name that cannot be one in Nix is left out.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD
 */
export function readBindings(fields: Fields, given: readonly (readonly [string, NixCode])[]): Binding[] {
  const bindings = new Map<string, NixCode>();
  for (const [candidate, value] of given) {
    const name = bindingName(candidate);
    if (name !== null && !bindings.has(name)) bindings.set(name, value);
  }
  for (const [name, value] of Object.entries(fields.table('let-extra', 'jdk = "pkgs.jdk21"'))) {
    if (bindingName(name) !== name) {
      throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
        what: `[nix.let-extra] "${printable(name)}" cannot be a name here.`,
        why: 'A name has letters, digits and underscores, does not begin with a digit, and is no word of Nix nor pkgs, builtins or hop3_...',
      });
    }
    bindings.set(name, nixExpression(`[nix.let-extra] ${name}`, value));
  }
  return [...bindings].map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Nix text of hop3.toml on the right of `=`. Anything but a plain line gets parentheses, so that it can be one expression only
 * and what follows stays outside.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD naming the key, for empty text and for quotes and brackets that are not closed
 */
export function nixExpression(key: string, text: string): NixCode {
  const code = text.trim();
  if (code === '' || !isBalanced(code)) {
    throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
      what: code === '' ? `${key} is empty.` : `${key}: a quote, a bracket or a comment of this Nix text is not closed, or closed twice: ${printable(code)}`,
      why: 'Its value is Nix: the name of a package, or any other expression.',
      next: 'For example: jdk = "pkgs.jdk21", and for a text: greeting = \'"hello"\'',
    });
  }
  return /[\n#;]/.test(code) ? new NixCode(`(\n    ${code}\n  )`) : new NixCode(code);
}
