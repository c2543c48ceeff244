import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import type { Fields } from './fields.ts';
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
    bindings.set(name, nixExpression(value));
  }
  return [...bindings].map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Nix text of hop3.toml on the right of `=`. Several lines or a comment get parentheses, so that what follows stays outside. */
export function nixExpression(text: string): NixCode {
  const code = text.trim();
  return /[\n#]/.test(code) ? new NixCode(`(\n    ${code}\n  )`) : new NixCode(code);
}
