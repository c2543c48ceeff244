import { Compile, type Validator } from 'typebox/compile';
import { checkFile } from './check.ts';
import { checkTogether } from './cross-checks.ts';
import { parseMemory, type Limits } from '../limits.ts';
import { printable } from '../names.ts';
import { readAdmin, readEnv } from './env.ts';
import { cronName, type AddonRequest, type AppConfig, type CronLine, type Healthcheck } from './model.ts';
import { readNix } from './nix-section.ts';
import { Problems } from './problems.ts';
import { parseProcfile, type Procfile } from './procfile.ts';
import { HopToml } from './schema.ts';
import { checkText } from './text.ts';
import { readToml, type TomlFile } from './toml-read.ts';
import { TomlMap } from './toml-map.ts';
import { withoutEffect } from './without-effect.ts';

export interface ConfigInput {
  /** `path` is relative to the source directory and stands in front of every message. */
  readonly hop3Toml: { readonly path: string; readonly text: string } | null;
  readonly procfile: string | null;
}

/** Seconds that a cron line may take where it does not say. */
const CRON_TIMEOUT = 3600;

/**
 * An app's configuration from the text of its files. Has no effect and reads nothing.
 * @throws Hop3Error HOP3_CONFIG with every problem of both files, each with file, line and column
 */
export function parseConfig(input: ConfigInput): AppConfig {
  const problems = new Problems();
  const file = input.hop3Toml === null ? null : printable(input.hop3Toml.path);
  const toml = file === null ? emptyFile() : readToml(file, checkText(file, input.hop3Toml!.text));
  checkFile(toml, HopToml, problems);
  checkTogether(toml, problems);
  const procfile = parseProcfile(checkText('Procfile', input.procfile ?? ''), problems);
  problems.throwIfAny();
  return assemble(file, toml, procfile, problems);
}

function emptyFile(): TomlFile {
  return { file: 'hop3.toml', data: {}, map: new TomlMap('') };
}

function assemble(file: string | null, toml: TomlFile, procfile: Procfile, problems: Problems): AppConfig {
  const data = checked(toml.data);
  const start = data.run?.start ?? null;
  const ownBeforeRun = oneCommand(data.run?.['before-run']);
  noteOverrides(toml, procfile, start, ownBeforeRun, problems);
  const processes: Record<string, string> = {};
  for (const [type, { command }] of procfile.processes) processes[type] = command;
  if (start !== null) processes['web'] = start;
  return {
    file,
    metadata: {
      id: data.metadata?.id ?? null,
      version: data.metadata?.version ?? null,
      title: data.metadata?.title ?? null,
      description: data.metadata?.description ?? null,
    },
    builder: data.build?.builder === 'nix' ? 'nix' : 'auto',
    run: {
      start,
      beforeRun: ownBeforeRun ?? procfile.beforeRun?.command ?? null,
      startTimeout: data.run?.['start-timeout'] ?? 60,
    },
    processes,
    ...readEnv(toml, data.env),
    admin: readAdmin(data.admin, oneCommand(data.admin?.create)),
    healthcheck: healthcheck(data.healthcheck),
    domainsPolicy: data.domains?._policy ?? 'keep-existing',
    domains: (data.domains?.list ?? []).map((name) => name.toLowerCase()),
    addons: [...data.addons ?? [], ...data.provider ?? []].map((addon): AddonRequest => ({
      type: addon.type as AddonRequest['type'],
      name: addon.name ?? null,
      extensions: addon.extensions ?? [],
    })),
    ports: (data.ports ?? []).map(({ number, protocol, name }) => ({ number, protocol: protocol ?? 'tcp', name: name ?? null })),
    cron: cron(data.cron),
    limits: limits(data.limits),
    nix: readNix(toml, data.nix),
    notices: [...problems.notices(), ...ignored(data, procfile)],
  };
}

let validator: Validator | null = null;

/** The type of data that passed the checks. TypeBox has the last word: a difference from check.ts is a defect of ours. */
function checked(data: unknown): HopToml {
  validator ??= Compile(HopToml);
  if (!validator.Check(data)) throw new Error('a configuration passed the checks and does not fit its schema');
  return data as HopToml;
}

function healthcheck(table: HopToml['healthcheck']): Healthcheck | null {
  if (table === undefined) return null;
  return { path: table.path ?? '/', timeout: table.timeout ?? 5, interval: table.interval ?? 30, contains: table.contains ?? null };
}

function cron(tables: HopToml['cron']): CronLine[] {
  return (tables ?? []).map(({ name, schedule, command, timeout }, index) => ({
    name: cronName(name, index), schedule: schedule.trim(), command: oneCommand(command)!, timeout: timeout ?? CRON_TIMEOUT,
  }));
}

function limits(table: HopToml['limits']): Limits {
  return { memory: table?.memory === undefined ? null : parseMemory(table.memory), cpu: table?.cpu ?? null, processes: table?.processes ?? null };
}

function oneCommand(commands: string | string[] | undefined): string | null {
  if (commands === undefined || commands.length === 0) return null;
  return typeof commands === 'string' ? commands : commands.join(' && ');
}

/** hop3.toml wins over the Procfile key by key; whoever wrote both should know. */
function noteOverrides(toml: TomlFile, procfile: Procfile, start: string | null, beforeRun: string | null, problems: Problems): void {
  const web = procfile.processes.get('web');
  if (web !== undefined && start !== null && start !== web.command) {
    problems.note('Procfile', { line: web.line, column: 1 }, () => `"web" is not used: [run] start in ${toml.file} wins.`);
  }
  if (procfile.beforeRun !== null && beforeRun !== null && procfile.beforeRun.command !== beforeRun) {
    problems.note('Procfile', { line: procfile.beforeRun.line, column: 1 }, () => `this command is not used: [run] before-run in ${toml.file} wins.`);
  }
}

/** What the files ask for and this server does not do. */
function ignored(data: HopToml, procfile: Procfile): string[] {
  const asked = [...withoutEffect(data), ...(procfile.prebuild === null ? [] : ['Procfile prebuild'])];
  return asked.map((what) => `ignored: ${what} (not supported)`);
}
