import { readFile } from 'node:fs/promises';
import { Hop3Error } from '../../errors.ts';
import { printable } from '../../names.ts';
import type { EnvironmentInfo, ReleaseInfo } from '../../server/api-types.ts';
import type { Client } from '../client.ts';
import type { CommandContext, Handler, Options } from '../command-context.ts';
import { followDeploy } from '../deploy-stream.ts';
import { table } from '../output.ts';

/** The server's own limit on a value, and a byte more, so that the server is the one to refuse it. */
const LARGEST = 256 * 1024;

export const showEnv: Handler = async (context, _args, options) => {
  const { app, client } = await context.appAndClient();
  if (options['sources'] || options['values']) return showSources(context, client, app, options['values'] === true);
  const { env } = await client.get<{ env: Record<string, string> }>(`/apps/${app}/env`);
  context.out.answer({ env }, () => Object.entries(env).map(([name, value]) => `${name}=${shellWord(value)}`).join('\n'));
  if (Object.keys(env).length === 0) context.out.note(`${app} has no variables of yours. hop3.toml and the build may set some of their own.`);
};

/** Every variable of the live release with where it comes from; a secret's value only when it was asked for. */
async function showSources(context: CommandContext, client: Client, app: string, values: boolean): Promise<void> {
  const info = await client.get<EnvironmentInfo>(`/apps/${app}/environment${values ? '?values=all' : ''}`);
  context.out.answer(info, () => [
    table(['name', 'value', 'from', 'instead of'], info.variables.map(({ name, value, source, hides }) => [name, value === null ? '[hidden]' : oneLine(value), source, hides.join(', ')])),
    '',
    `Where several have a value, the last of these wins: ${info.order.join(', ')}`,
  ].join('\n'));
  if (info.release === null) context.out.note(`${app} has no live release yet: these are the variables you set.`);
  else context.out.note(`v${info.release}. Each web process has a PORT of its own besides.${values || info.variables.every((one) => one.value !== null) ? '' : ' --values shows what is hidden.'}`);
}

const LONGEST_SHOWN = 60;

/** A value as one line of a table; `env get` and --json have all of it. */
function oneLine(value: string): string {
  const text = printable(value);
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}... (${Buffer.byteLength(value)} bytes)`;
}

export const getEnv: Handler = async (context, [name]) => {
  const { app, client } = await context.appAndClient();
  const variable = await client.get<{ name: string; value: string }>(`/apps/${app}/env/${encodeURIComponent(name!)}`);
  context.out.answer(variable, () => `${variable.value}\n`);
};

export const setEnv: Handler = async (context, args, options) => {
  const set = await readAssignments(args, options, context);
  await change(context, { set, unset: [] }, `Set ${Object.keys(set).join(', ')}`);
};

export const unsetEnv: Handler = async (context, names) => {
  await change(context, { set: {}, unset: [...new Set(names)] }, `Unset ${names.join(', ')}`);
};

async function change(context: CommandContext, body: { set: Record<string, string>; unset: string[] }, done: string): Promise<void> {
  const { app, client } = await context.appAndClient();
  const release: ReleaseInfo | null = await followDeploy(context, client, 'PATCH', `/apps/${app}/env`, body);
  context.out.answer({ release }, () => '');
  context.out.note(release ? `${done}; ${app} restarted as v${release.version}.` : `${done}; ${app} will start with it at its first release.`);
}

/** `K=V` words, or one `K` whose value comes from standard input or a file. Names only enter the messages, never values. */
async function readAssignments(args: readonly string[], options: Options, context: CommandContext): Promise<Record<string, string>> {
  if (options['stdin'] || options['file'] !== undefined) {
    if (args.length !== 1 || args[0]!.includes('=')) throw usage('--stdin and --file take the value of one variable: hop3 env set NAME --stdin');
    if (options['stdin'] && options['file'] !== undefined) throw usage('The value comes from --stdin or from --file, not from both.');
    const bytes = typeof options['file'] === 'string' ? await readWhole(options['file']) : await (await import('../ask.ts')).readStdin(LARGEST);
    const value = bytes.toString('utf8');
    if (!Buffer.from(value, 'utf8').equals(bytes)) throw usage(`The value of ${printable(args[0]!)} is not UTF-8 text. Encode it, for example with base64.`);
    if (value.endsWith('\n')) context.out.note(`(the value ends with a line end, which is kept; printf %s "$value" | hop3 env set ${printable(args[0]!)} --stdin leaves it out)`);
    return { [args[0]!]: value };
  }
  const set: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [index, word] of args.entries()) {
    const at = word.indexOf('=');
    // Not repeated: it may be the value.
    if (at < 1) throw usage(`Argument ${index + 1} sets nothing: write NAME=value, or NAME --stdin.`);
    const name = word.slice(0, at);
    if (name in set) throw usage(`${printable(name)} is set twice.`);
    set[name] = word.slice(at + 1);
  }
  return set;
}

async function readWhole(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw usage(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

function usage(what: string): Hop3Error {
  return new Hop3Error('HOP3_USAGE', { what, next: 'Nothing was changed.' });
}

/** The value as a shell would take it back: what is printed can be pasted. */
function shellWord(value: string): string {
  return /^[\w@%+:,./=-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
