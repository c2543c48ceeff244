import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALL_DIR } from '../paths.ts';
import { renderStrictly } from '../strict-mustache.ts';
import { NixCode, nixString } from './quote.ts';

const templates = new Map<string, string>();

/**
 * Renders nix-templates/<name>.mustache. A plain `{{hole}}` takes a string (quoted as a Nix string), a number, a boolean,
 * or NixCode (inserted as it stands), so the type of the value decides and `{{{raw}}}` is not needed. `{{>name}}` is
 * nix-templates/parts/<name>.mustache, what several templates share.
 * @throws TypeError for a name that is missing in the view: a defect of the renderer
 */
export function renderNixTemplate(name: string, view: object): string {
  return renderNix(readTemplate(name), view);
}

/** The same for a template's text. */
export function renderNix(template: string, view: object): string {
  return renderStrictly(template, view, toNix, (name) => readTemplate(`parts/${name}`));
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
