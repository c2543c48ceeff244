import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../src/config/parse.ts';
import { decodeText } from '../src/config/text.ts';
import { Hop3Error } from '../src/errors.ts';
import type { StorePath } from '../src/names.ts';
import { readRuntime } from '../src/nix/runtime-json.ts';
import { bytesOf, mutated, randomOf, type Random } from './fuzz.ts';

export interface Tried {
  readonly inputs: number;
  readonly accepted: number;
  /** By error code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Milliseconds of the slowest input. */
  readonly slowest: number;
}

/** Milliseconds that one input may take on a busy machine. All of them are read in milliseconds. */
const HANG = 10_000;
/** What a message may hold besides printable text. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\p{Surrogate}]/u;
const APPS = fileURLToPath(new URL('../apps', import.meta.url));

/** Files of this name below our own examples and, where HOP3_CORPUS names one, a collection of real applications. */
function realFiles(name: string): string[] {
  const corpus = process.env['HOP3_CORPUS'] ?? '';
  return [APPS, ...(corpus !== '' && existsSync(corpus) ? [corpus] : [])].flatMap((dir) =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name === name)
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')));
}

export function fuzzToml(inputs: number, seed: number): Promise<Tried> {
  const seeds = [...realFiles('hop3.toml'), '[[ports]]\nnumber = 25\n[[cron]]\nschedule = "* * * * *"\ncommand = "x"\n[limits]\nmemory = "1G"\n[domains]\nlist = ["a.example"]\n'];
  return tryAll('hop3.toml', inputs, seed, seeds, ['HOP3_CONFIG'], (bytes) =>
    void parseConfig({ hop3Toml: { path: 'hop3.toml', text: decodeText('hop3.toml', bytes) }, procfile: null }));
}

export function fuzzProcfile(inputs: number, seed: number): Promise<Tried> {
  const seeds = [...realFiles('Procfile'), 'web: gunicorn app:app --bind 0.0.0.0:$PORT\nworker: python worker.py\n', '# comment\nrelease: ./migrate\nprebuild: make\nweb: node server.js\ncron: x\r\n'];
  return tryAll('Procfile', inputs, seed, seeds, ['HOP3_CONFIG'], (bytes) =>
    void parseConfig({ hop3Toml: null, procfile: decodeText('Procfile', bytes) }));
}

/** Through the file, as after a build. */
export async function fuzzRuntime(inputs: number, seed: number): Promise<Tried> {
  const dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'hop3-fuzz-'));
  const file = join(dir, 'hop3/runtime.json');
  mkdirSync(join(dir, 'hop3'));
  mkdirSync(join(dir, 'public'));
  const seeds = [
    { workers: { web: 'exec node server.js', worker: '/bin/true' }, env: { A: 'b', PATH_INFO: 'c d' }, path: ['@DIR@/bin', '/nix/store/x/bin'] },
    { workers: { static: '@DIR@/public' } }, { workers: { web: 'a', static: '@DIR@/public' }, env: {}, path: [] }, { workers: { web: 'x' }, other: [1, 2.5, null, { a: [] }] },
  ].flatMap((value) => [JSON.stringify(value), JSON.stringify(value, null, 2)]);
  try {
    return await tryAll('runtime.json', inputs, seed, seeds, ['HOP3_RUNTIME_JSON', 'HOP3_RUNTIME_TYPE', 'HOP3_RUNTIME_WORKERS', 'HOP3_RUNTIME_STATIC'], async (bytes) => {
      // The directory's name is no part of the inputs, or a seed would not repeat them.
      writeFileSync(file, Buffer.from(bytes.toString('latin1').replaceAll('@DIR@', dir), 'latin1'));
      await readRuntime(dir as StorePath, {}, [dir]);
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Each input is read, or refused in words; anything else is thrown with what it takes to see it again. */
async function tryAll(what: string, inputs: number, seed: number, seeds: readonly string[], codes: readonly string[], read: (bytes: Buffer) => void | Promise<void>): Promise<Tried> {
  const known = Object.getOwnPropertyNames(Object.prototype).length;
  const refused: Record<string, number> = {};
  let accepted = 0;
  let slowest = 0;
  for (let round = 0; round < inputs; round += 1) {
    const random: Random = randomOf(seed, round);
    const bytes = bytesOf(random, mutated(random, seeds));
    const fail = (how: string): never => {
      throw new Error(`${what}: ${how}\nFUZZ_SEED=${seed}, round ${round}, ${bytes.length} bytes: ${JSON.stringify(bytes.subarray(0, 1000).toString('latin1'))}`);
    };
    const began = performance.now();
    try {
      await read(bytes);
      accepted += 1;
    } catch (error) {
      if (!(error instanceof Hop3Error)) fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
      const { code, what: said, why = '', next = '' } = error as Hop3Error;
      if (!codes.includes(code)) fail(`refused with ${code}: ${said}`);
      if (UNPRINTABLE.test(said + why + next)) fail(`a message that is not printable: ${JSON.stringify(said + why + next).slice(0, 500)}`);
      if (said.length > 2000) fail(`a message of ${said.length} characters`);
      refused[code] = (refused[code] ?? 0) + 1;
    }
    const took = performance.now() - began;
    slowest = Math.max(slowest, took);
    if (took > HANG) fail(`it took ${Math.round(took)} ms`);
    if (Object.getOwnPropertyNames(Object.prototype).length !== known) fail('it changed Object.prototype');
  }
  return { inputs, accepted, refused, slowest: Math.round(slowest) };
}
