import { isTemplate, NIX_KEYS, belongs } from './nix-keys.ts';
import { cronName, portVariable } from './model.ts';
import type { Problems } from './problems.ts';
import type { TomlFile } from './toml-read.ts';
import type { KeyPath } from './toml-map.ts';

/**
 * The rules that take two keys. They run on a file that may have wrong types as well, so that one push shows everything:
 * each looks at what it needs and leaves the rest alone.
 */
export function checkTogether(toml: TomlFile, problems: Problems): void {
  const { env, domains, addons, provider, ports, cron, nix } = toml.data;
  const at = new Place(toml, problems);
  checkDomains(at, asTable(domains)['list'], asTable(env));
  checkEnv(at, asTable(env));
  for (const [name, list] of [['addons', addons], ['provider', provider]] as const) checkAddons(at, name, asTables(list));
  checkPorts(at, asTables(ports));
  checkCron(at, asTables(cron));
  checkNix(at, asTable(nix));
}

class Place {
  private readonly toml: TomlFile;
  private readonly problems: Problems;

  constructor(toml: TomlFile, problems: Problems) {
    this.toml = toml;
    this.problems = problems;
  }

  problem(path: KeyPath, message: string): void {
    this.problems.add(this.toml.file, this.toml.map.keyAt(path), () => message);
  }

  note(path: KeyPath, message: string): void {
    this.problems.note(this.toml.file, this.toml.map.keyAt(path), () => message);
  }

  line(path: KeyPath): number {
    return this.toml.map.keyAt(path).line;
  }
}

function checkDomains(at: Place, list: unknown, env: Table): void {
  const names = asList(list).map((name) => (typeof name === 'string' ? name.toLowerCase() : null));
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (name === null) continue;
    if (seen.has(name)) at.problem(['domains', 'list', index], `[domains] list: "${name.slice(0, 253)}" stands there twice.`);
    else if (name === '_' && names.length > 1) at.problem(['domains', 'list', index], '[domains] list: "_" answers every name, so it must stand alone.');
    seen.add(name);
  }
  if (list === undefined) return;
  for (const path of [['env', 'HOST_NAME'], ['env', 'computed', 'HOST_NAME']]) {
    const table = path.length === 2 ? env : asTable(env['computed']);
    if (Object.hasOwn(table, 'HOST_NAME')) {
      at.problem(path, `HOST_NAME and [domains] (line ${at.line(['domains'])}) both name the app's hosts; keep [domains] and remove HOST_NAME.`);
    }
  }
}

/** What every worker is given; these win over the app's own values. */
const SET_BY_HOP3 = ['PORT', 'BIND_ADDRESS', 'HOME', 'HOP3_APP', 'HOP3_RELEASE', 'HOP3_PUBLIC_URL'];

function checkEnv(at: Place, env: Table): void {
  for (const [path, table] of [[['env'], env], [['env', 'computed'], asTable(env['computed'])]] as const) {
    for (const name of SET_BY_HOP3) {
      if (Object.hasOwn(table, name)) at.note([...path, name], `${name === 'PORT' ? 'the PORT of a web worker' : name} is set by Hop3, which wins over this value.`);
    }
  }
  for (const name of Object.keys(asTable(env['computed']))) {
    if (Object.hasOwn(env, name)) at.note(['env', name], `${name} is set in [env.computed] too (line ${at.line(['env', 'computed', name])}), which wins.`);
  }
  for (const [name, value] of Object.entries(env)) {
    const made = asTable(value);
    if (made['generate'] === 'uuid' && Object.hasOwn(made, 'length')) {
      at.note(['env', name, 'length'], `[env] ${name}: a uuid has its own length, so "length" has no effect.`);
    }
  }
}

function checkAddons(at: Place, table: 'addons' | 'provider', list: readonly Table[]): void {
  if (table === 'provider' && list.length > 0) at.note(['provider'], '[[provider]] is the old name of [[addons]]; it is read the same way.');
  const seen = new Map<string, number>();
  for (const [index, addon] of list.entries()) {
    const { type, name, extensions } = addon;
    if (extensions !== undefined && typeof type === 'string' && type !== 'postgres') {
      at.problem([table, index, 'extensions'], `[[${table}]] extensions is for type = "postgres" only.`);
    }
    const id = JSON.stringify([type, name ?? null]);
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    else if (typeof type === 'string') {
      at.problem([table, index], `[[${table}]] asks for the same ${type} twice (first on line ${at.line([table, first])}); give one of them another name.`);
    }
  }
}

function checkPorts(at: Place, list: readonly Table[]): void {
  const seen = new Map<string, number>();
  for (const [index, port] of list.entries()) {
    const { number, protocol = 'tcp' } = port;
    if (typeof number !== 'number' || typeof protocol !== 'string') continue;
    const id = `${number}/${protocol}`;
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    else at.problem(['ports', index], `[[ports]] asks for ${id} twice (first on line ${at.line(['ports', first])}).`);
  }
  checkPortNames(at, list);
}

/** Two ports may share a name only when they share the number too: one service on tcp and udp. */
function checkPortNames(at: Place, list: readonly Table[]): void {
  const seen = new Map<string, { readonly number: number; readonly index: number }>();
  for (const [index, { number, name = null }] of list.entries()) {
    if (typeof number !== 'number' || (name !== null && typeof name !== 'string')) continue;
    const variable = portVariable({ number, name });
    const first = seen.get(variable);
    if (first === undefined) seen.set(variable, { number, index });
    else if (first.number !== number) {
      at.problem(['ports', index, 'name'], `[[ports]] ${number} and ${first.number} (line ${at.line(['ports', first.index])}) would both be ${variable}; give one of them another name.`);
    }
  }
}

function checkCron(at: Place, list: readonly Table[]): void {
  const seen = new Map<string, number>();
  for (const [index, { name, command }] of list.entries()) {
    if (Array.isArray(command) && command.length === 0) at.problem(['cron', index, 'command'], '[[cron]] command is an empty list.');
    const called = cronName(name, index);
    const first = seen.get(called);
    if (first === undefined) seen.set(called, index);
    else at.problem(['cron', index], `[[cron]] has the name "${called.slice(0, 40)}" twice (first on line ${at.line(['cron', first])}); give one of them another name.`);
  }
}

function checkNix(at: Place, nix: Table): void {
  const { template } = nix;
  for (const key of Object.keys(nix)) {
    const known = Object.hasOwn(NIX_KEYS, key) ? NIX_KEYS[key]! : null;
    if (known === null) continue;
    if (known.templates !== 'any' && isTemplate(template) && !belongs(key, template)) {
      at.problem(['nix', key], `[nix] ${key} belongs to the template ${known.templates.join(' or ')}; ${template} would not read it.`);
    } else if (known.about.retired !== undefined) {
      at.note(['nix', key], `[nix] ${key} is an old key. ${known.about.retired}`);
    }
  }
  for (const [one, other] of [['nixpkgs-rev', 'nixpkgs-sha256'], ['nixpkgs-sha256', 'nixpkgs-rev']] as const) {
    if (Object.hasOwn(nix, one) && !Object.hasOwn(nix, other)) at.problem(['nix', one], `[nix] ${one} needs ${other} beside it: a revision is fetched by its hash.`);
  }
  for (const [index, file] of asTables(nix['config-files']).entries()) checkConfigFile(at, file, ['nix', 'config-files', index]);
}

function checkConfigFile(at: Place, file: Table, path: KeyPath): void {
  const format = file['format'] ?? 'raw';
  if (format !== 'raw' && format !== 'ini') return;
  const [needed, useless] = format === 'raw' ? ['raw-content', 'sections'] : ['sections', 'raw-content'];
  const given = Object.hasOwn(file, 'format') ? `format = "${format}"` : 'no format (which means "raw")';
  if (!Object.hasOwn(file, needed)) at.problem(path, `[[nix.config-files]] with ${given} needs ${needed}.`);
  if (Object.hasOwn(file, useless)) at.problem([...path, useless], `[[nix.config-files]] with ${given} does not read ${useless}.`);
}

type Table = Readonly<Record<string, unknown>>;

function asTable(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Table : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asTables(value: unknown): readonly Table[] {
  return asList(value).map(asTable);
}
