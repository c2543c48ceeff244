import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mustache from 'mustache';
import { INSTALL_DIR } from '../paths.ts';
import { NixCode, nixString } from './quote.ts';

const { Context, Writer } = mustache;

/** A view in which a name that the template uses and the caller forgot is an error, not an empty text. */
class StrictContext extends Context {
  override lookup(name: string): unknown {
    const value: unknown = super.lookup(name);
    if (value === undefined || value === null) throw new TypeError(`the template uses "${name}", which was not given`);
    return value;
  }

  override push(view: unknown): StrictContext {
    return new StrictContext(view, this);
  }
}

const templates = new Map<string, string>();

/**
 * Renders nix-templates/<name>.mustache. A plain `{{hole}}` takes a string (quoted as a Nix string), a number, a boolean,
 * or NixCode (inserted as it stands), so the type of the value decides and `{{{raw}}}` is not needed.
 * @throws TypeError for a name that is missing in the view: a defect of the renderer
 */
export function renderNixTemplate(name: string, view: object): string {
  return renderNix(readTemplate(name), view);
}

/** The same for a template's text. */
export function renderNix(template: string, view: object): string {
  if (/\{\{[{&>]/.test(template)) throw new TypeError('a Nix template may not use {{{raw}}}, {{&raw}} or {{>partials}}');
  return new Writer().render(template, new StrictContext(view), undefined, { escape: toNix });
}

function toNix(value: unknown): string {
  if (value instanceof NixCode) return value.text;
  if (typeof value === 'string') return nixString(value).text;
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return String(value);
  throw new TypeError(`a Nix template cannot hold a ${typeof value}`);
}

function readTemplate(name: string): string {
  let text = templates.get(name);
  if (text === undefined) {
    text = readFileSync(join(INSTALL_DIR, 'nix-templates', `${name}.mustache`), 'utf8');
    templates.set(name, text);
  }
  return text;
}
