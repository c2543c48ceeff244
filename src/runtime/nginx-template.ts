import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../names.ts';
import { INSTALL_DIR } from '../paths.ts';
import { renderStrictly } from '../strict-mustache.ts';

/**
 * One word of an nginx configuration, in double quotes. `$` is refused: nginx has no way to write one that is not the
 * beginning of a variable.
 * @throws TypeError for `$` and for control characters
 */
export function nginxWord(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[$\u0000-\u001f\u007f]/.test(text)) throw new TypeError(`nginx cannot be given ${printable(JSON.stringify(text))}`);
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** A message of one line as nginx's `return` takes it, with its line end. */
export class NginxMessage {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Renders a template of nginx-templates/. Every hole becomes one quoted word, so a hole must be a whole word.
 * @throws TypeError for a missing name, a value nginx cannot be given, or a hole that is not quoted
 */
export function renderNginxTemplate(name: string, view: object): string {
  return renderNginx(readNginxFile(`${name}.mustache`), view);
}

/** The same for a template's text. */
export function renderNginx(template: string, view: object): string {
  return renderStrictly(template, view, toWord);
}

/** A file of nginx-templates/ as it is. */
export function readNginxFile(name: string): string {
  return readFileSync(join(INSTALL_DIR, 'nginx-templates', name), 'utf8');
}

function toWord(value: unknown): string {
  if (typeof value === 'string') return nginxWord(value);
  if (value instanceof NginxMessage) return `${nginxWord(value.text).slice(0, -1)}\\n"`;
  if (Number.isSafeInteger(value)) return String(value);
  throw new TypeError(`an nginx template cannot hold a ${typeof value}`);
}
