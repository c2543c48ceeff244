import { open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { Hop3Error } from '../errors.ts';
import { silentLog, type PushLog } from '../log.ts';
import { printable, type StorePath } from '../names.ts';
import { describePosition } from './json-position.ts';
import type { Runtime } from './model.ts';
import { RuntimeFile, VARIABLE_NAME, WORKER_NAME } from './runtime-schema.ts';
import { checkStatic, insideClosure } from './static-directory.ts';

/** More than any list of commands needs; a larger file is a mistake. */
const LARGEST = 1024 * 1024;
const PLACES = ['hop3/runtime.json', 'share/hop3/runtime.json'];
const KEYS = Object.keys(RuntimeFile.properties);

const checker = Compile(RuntimeFile);

/**
 * Reads and checks `hop3/runtime.json` of a build. `expressionEnv` is the environment that the expression gave beside
 * `package`; runtime.json wins. What is ignored is said in `log`.
 * @throws Hop3Error HOP3_RUNTIME_MISSING, _JSON, _TYPE, _WORKERS, _STATIC, each naming the place in the file
 */
export async function readRuntime(
  storePath: StorePath, expressionEnv: Readonly<Record<string, string>>, closure: readonly string[], log: PushLog = silentLog,
): Promise<Runtime> {
  const { place, text } = await readFromBuild(storePath, closure);
  const file = checkShape(parseJson(text, place), place);
  for (const key of Object.keys(file)) if (!KEYS.includes(key)) log.line(`ignored: ${place} ${printable(key)} (not a key of runtime.json)`);

  const { static: directory, ...workers } = file.workers;
  if (directory === undefined && Object.keys(workers).length === 0) {
    throw new Hop3Error('HOP3_RUNTIME_WORKERS', {
      what: `${place} names no process: "workers" is empty.`,
      next: 'Give it web (a command), static (a directory of $out) or a background worker.',
    });
  }
  for (const [name, command] of Object.entries(workers)) checkWorker(place, name, command);
  const env = file.env ?? {};
  for (const [name, value] of Object.entries(env)) checkVariable(place, name, value);
  for (const [index, entry] of (file.path ?? []).entries()) checkPathEntry(place, index, entry);
  if (directory !== undefined) await checkStatic(directory, closure, place);
  return { workers, static: directory ?? null, env: { ...expressionEnv, ...env }, path: file.path ?? [] };
}

async function readFromBuild(storePath: StorePath, closure: readonly string[]): Promise<{ place: string; text: string }> {
  for (const place of PLACES) {
    const real = await realpath(join(storePath, place)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP') return null;
      throw error;
    });
    if (real === null) continue;
    // A build may make it a link; one to a file of the server must not be followed.
    if (!insideClosure(real, closure)) throw wrong(place, 'is a link that leaves the build', 'Make it a file of $out.');
    const file = await open(real);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw wrong(place, 'is not a file', 'Make it a file of $out.');
      if (stat.size > LARGEST) throw wrong(place, `has ${stat.size} bytes; ${LARGEST} is the most`, 'It names processes; data belongs in files of its own.');
      return { place, text: await file.readFile('utf8') };
    } finally {
      await file.close();
    }
  }
  throw new Hop3Error('HOP3_RUNTIME_MISSING', {
    what: 'The build has no hop3/runtime.json, so Hop3 does not know how to run it.',
    why: `Looked in ${storePath}.`,
    next: 'Write it in the build, for example:\n  mkdir -p $out/hop3\n  cp ${pkgs.writeText "runtime.json" (builtins.toJSON { workers.web = "..."; })} $out/hop3/runtime.json',
  });
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Hop3Error('HOP3_RUNTIME_JSON', {
      what: `${place}${describePosition(text)} is not JSON.`,
      why: printable((error as SyntaxError).message),
      next: 'Let Nix write it: builtins.toJSON { workers = { ... }; }',
    });
  }
}

function checkShape(value: unknown, place: string): RuntimeFile {
  if (checker.Check(value)) return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !Object.hasOwn(value, 'workers')) {
    throw new Hop3Error('HOP3_RUNTIME_WORKERS', {
      what: `${place} has no "workers".`,
      next: 'For example: { "workers": { "web": "..." } }',
    });
  }
  const error = checker.Errors(value)[0]!;
  const path = error.instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const found = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
  const wanted = path.length === 0 ? 'an object' : path.length === 1 ? (path[0] === 'path' ? 'a list of directories' : 'an object of texts') : 'text';
  throw new Hop3Error('HOP3_RUNTIME_TYPE', {
    what: `${place}: ${path.length === 0 ? 'it' : printable(path.join('.'))} should be ${wanted}, and is ${describe(found)}.`,
  });
}

/** A list or an object is not shown: it may be nested deeper than anything that prints it can follow. */
function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : printable(JSON.stringify(value));
}

function checkWorker(place: string, name: string, command: string): void {
  if (!new RegExp(WORKER_NAME).test(name)) {
    throw wrong(place, `has a worker called "${printable(name)}"`, 'A worker has 1 to 32 lower-case letters, digits, - and _, and begins with a letter.');
  }
  if (command.trim() === '') throw wrong(place, `workers.${name} is empty`, 'Give it a command.');
  // Run as sh -c "exec <command>": a second line would never run.
  if (/[\n\r\0]/.test(command)) throw wrong(place, `workers.${name} has a line end or a NUL character in it`, 'Put several commands into a script in $out/bin and name that.');
}

function checkVariable(place: string, name: string, value: string): void {
  if (!new RegExp(VARIABLE_NAME).test(name)) throw wrong(place, `env has a variable called "${printable(name)}"`, 'A name has letters, digits and underscores.');
  if (value.includes('\0')) throw wrong(place, `env.${name} has a NUL character in it`, 'No environment can hold one.');
}

function checkPathEntry(place: string, index: number, entry: string): void {
  if (!entry.startsWith('/')) throw wrong(place, `path[${index}] is not an absolute path: ${printable(JSON.stringify(entry))}`, 'For example: "${pkgs.git}/bin"');
  if (/[:\n\r\0]/.test(entry)) throw wrong(place, `path[${index}] has a colon, line end or NUL character in it`, 'One directory an entry.');
}

function wrong(place: string, problem: string, next: string): Hop3Error {
  return new Hop3Error('HOP3_RUNTIME_TYPE', { what: `${place}${problem.startsWith('is') || problem.startsWith('has') ? ' ' : ': '}${problem}.`, next });
}
