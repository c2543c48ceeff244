import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { readConfigFiles, type ConfigFile } from './config-files.ts';
import { checkVariable, type Fields } from './fields.ts';
import { nixConcat, pieceLines, readLiveText, type Piece } from './live-text.ts';
import { NixCode } from './quote.ts';
import { hereDocumentBody, replacePlaceholders, type Placeholders } from './shell-text.ts';

/** What a template adds to the start script that every template's script has. */
export interface StartScriptParts {
  /** Shell text with Nix in it that comes before everything else (a writable copy of the package). */
  readonly prelude: readonly Piece[];
  /** The last line without `exec`, with placeholders in it. */
  readonly command: string;
  readonly placeholders: Placeholders;
  /** Names that `${...}` in Nix-expanded keys may begin with. */
  readonly names: readonly string[];
}

/**
 * The script that starts a templated app, as lines for a Nix list. Order matters to real apps: variables, library
 * path, configuration files, then pre-exec, which may need them.
 */
export function startScript(fields: Fields, parts: StartScriptParts): NixCode[] {
  const shell = (text: string) => replacePlaceholders(text, parts.placeholders);
  const blocks: Piece[][] = [
    ['#!', new NixCode('pkgs.runtimeShell or "/bin/sh"'), '\nset -e'],
    [...parts.prelude],
    lines(rawExports(fields, parts)),
    lines(assignments(fields.variables('local-vars'), '').map(shell)),
    lines(assignments(fields.variables('env-exports'), 'export ').map(shell)),
    lines(conditionalExports(fields).map(shell)),
    libraryPath(fields, parts),
    ...readConfigFiles(fields).map((file) => shell(configFileText(file))),
    shell(preExec(fields)),
    shell(`exec ${parts.command}`),
  ];
  const filled = blocks.filter((block) => block.length > 0);
  const joined = filled.flatMap((block, index) => (index === 0 ? block : ['\n\n', ...block]));
  return pieceLines(joined).map(nixConcat);
}

/** exec-args are shell words already, with their own quotes. */
export function execArgs(fields: Fields): string {
  const args = fields.list('exec-args', `["--port", '"$PORT"']`);
  return args.length === 0 ? '' : ` ${args.join(' ')}`;
}

function lines(all: readonly (readonly Piece[])[]): Piece[] {
  return all.flatMap((line, index) => (index === 0 ? [...line] : ['\n', ...line]));
}

function assignments(variables: Readonly<Record<string, string>>, prefix: string): string[] {
  return Object.entries(variables).map(([name, value]) => `${prefix}${name}="${value}"`);
}

function rawExports(fields: Fields, parts: StartScriptParts): Piece[][] {
  return Object.entries(fields.variables('env-exports-raw')).map(([name, value]) => [
    `export ${name}="`, ...readLiveText(value, { key: `[nix.env-exports-raw] ${name}`, names: parts.names }), '"',
  ]);
}

function conditionalExports(fields: Fields): string[] {
  const example = 'name = "DATABASE_URL", condition-var = "DATABASE_URL", value = "postgres://..."';
  return fields.tables('conditional-env', example).map((entry) => {
    const name = entry.required('name', '"DATABASE_URL"');
    const condition = entry.text('condition-var', '"DATABASE_URL"') ?? name;
    checkVariable('conditional-env.name', name);
    checkVariable('conditional-env.condition-var', condition);
    const value = entry.scalar('value', '"postgres://..."');
    return `if [ -z "\${${condition}:-}" ]; then export ${name}="${value}"; fi`;
  });
}

function libraryPath(fields: Fields, parts: StartScriptParts): Piece[] {
  const libraries = fields.list('nix-runtime-libs', '["stdenv.cc.cc.lib"]');
  if (libraries.length === 0) return [];
  const directories = libraries.map((library): Piece[] => {
    if (library.includes('${')) return readLiveText(library, { key: '[nix] nix-runtime-libs', names: parts.names });
    const path = packagePath('nix-runtime-libs', library);
    // The first output of openssl is its programs: without a word on which is wanted, it is the one with the libraries.
    return [/\.(?:lib|out)$/.test(path.text) ? path : new NixCode(`pkgs.lib.getLib ${path.text}`), '/lib'];
  });
  return ['export LD_LIBRARY_PATH="', ...directories.flatMap((directory, index) => (index === 0 ? directory : [':', ...directory])),
    '${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"'];
}

/**
 * An attribute path, with or without `pkgs.` in front, as the expression that names the package.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD when it is no attribute path
 */
export function packagePath(key: string, text: string): NixCode {
  const path = text.startsWith('pkgs.') ? text.slice(5) : text;
  if (!/^[A-Za-z_][A-Za-z0-9_'-]*(\.[A-Za-z_][A-Za-z0-9_'-]*)*$/.test(path)) {
    throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
      what: `[nix] ${key}: "${printable(text)}" is not the name of a package.`,
      next: `For example: ${key} = "radicale", or "python3Packages.flask".`,
    });
  }
  return new NixCode(`pkgs.${path}`);
}

function preExec(fields: Fields): string {
  return fields.list('pre-exec', `["mkdir -p data"]`).map((entry) => entry.replace(/\n+$/, '')).join('\n');
}

function configFileText(file: ConfigFile): string {
  const body = hereDocumentBody(file.content);
  const end = delimiter(body);
  const write = [
    `hop3_file="${file.path}"`,
    `mkdir -p "$(dirname "$hop3_file")"`,
    `cat > "$hop3_file" <<${end}`,
    `${body}${end}`,
  ];
  if (!file.createIfMissing) return write.join('\n');
  // Not indented: the here-document's lines are the file's.
  return [write[0], 'if [ ! -e "$hop3_file" ]; then', ...write.slice(1), 'fi'].join('\n');
}

function delimiter(body: string): string {
  const taken = new Set(body.split('\n'));
  let name = 'HOP3_END';
  for (let n = 1; taken.has(name); n++) name = `HOP3_END_${n}`;
  return name;
}
