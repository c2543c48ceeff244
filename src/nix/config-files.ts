import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { didYouMean } from '../nearest.ts';
import type { Fields } from './fields.ts';

/** A file that the start script writes before pre-exec runs. */
export interface ConfigFile {
  /** Shell text for inside double quotes: relative to the data directory, or with a variable in it. */
  readonly path: string;
  /** Ends with exactly one line end. `${NAME}` and `$(...)` in it are the shell's. */
  readonly content: string;
  /** Leaves a file that exists as it is. */
  readonly createIfMissing: boolean;
}

const KEYS = ['path', 'format', 'sections', 'raw-content', 'create-if-missing'];
const EXAMPLE = '[[nix.config-files]] with path = "app.ini", format = "raw", raw-content = "..."';

/**
 * Reads `[[nix.config-files]]`, in the file's order.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD
 */
export function readConfigFiles(fields: Fields): ConfigFile[] {
  return fields.tables('config-files', EXAMPLE).map(readConfigFile);
}

function readConfigFile(entry: Fields): ConfigFile {
  for (const key of entry.names()) {
    if (!KEYS.includes(key)) {
      throw bad(`[[nix.config-files]] has no key "${printable(key)}".${didYouMean(key, KEYS)}`, `Its keys are: ${KEYS.join(', ')}.`);
    }
  }
  const path = entry.required('path', '"config/app.ini"');
  // The path goes between double quotes in the script, where these would end or change them.
  if (/["`\\\n\r\0]/.test(path)) throw bad(`[[nix.config-files]] path "${printable(path)}" has a quote, backslash or line end in it.`, EXAMPLE);
  const format = entry.text('format', '"ini"') ?? (entry.has('sections') ? 'ini' : 'raw');
  return { path, content: `${contentOf(entry, path, format).replace(/\n+$/, '')}\n`, createIfMissing: entry.flag('create-if-missing') };
}

function contentOf(entry: Fields, path: string, format: string): string {
  switch (format) {
    case 'raw':
      return entry.scalar('raw-content', '"""\n...\n"""');
    case 'ini':
      return ini(entry.nested('sections', '[nix.config-files.sections.server] with port = "${PORT}"'));
    default:
      throw bad(`[[nix.config-files]] ${path}: there is no format "${printable(format)}".${didYouMean(format, ['ini', 'raw'])}`, 'The formats are "ini" (with sections) and "raw" (with raw-content).');
  }
}

function ini(sections: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const blocks = Object.entries(sections).map(([name, values]) => {
    const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}`);
    return [`[${name}]`, ...lines].join('\n');
  });
  return blocks.join('\n\n');
}

function bad(what: string, next: string): Hop3Error {
  return new Hop3Error('HOP3_TEMPLATE_FIELD', { what, next });
}
