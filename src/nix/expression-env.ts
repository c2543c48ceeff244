import { Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import { printable } from '../names.ts';
import { failure, run } from '../run.ts';
import type { BuildRequest } from './model.ts';
import { nixEnvAttribute, shortenPaths, type NixSettings } from './nix-command.ts';
import { findLocation, nixFailure } from './nix-failure.ts';

interface Options {
  readonly settings: NixSettings;
  readonly log: PushLog;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The attribute `env` beside `package`, evaluated under the same restrictions; empty when there is none.
 * @throws Hop3Error HOP3_EVAL_ENV when it is not a set of texts, HOP3_EVAL_... when it cannot be evaluated
 */
export async function readExpressionEnv(request: BuildRequest, allowedUris: readonly string[], options: Options): Promise<Readonly<Record<string, string>>> {
  const lines: string[] = [];
  const command = nixEnvAttribute(request, allowedUris, options.settings);
  const finished = await run(command, {
    signal: options.signal,
    onLine: (line, stream) => { if (stream === 'stderr' && lines.length < 60) lines.push(shortenPaths(line, request)); },
  });
  if (finished.cancelled || finished.timedOut) throw failure(command, finished);
  if (finished.code !== 0) {
    if (lines.some((line) => line.includes("attribute 'env' in selection path 'env' not found"))) return {};
    throw nixFailure({ finished, lines, building: false, location: findLocation(lines), packageSet: request.packageSet.title, settings: options.settings });
  }
  return checkEnv(JSON.parse(finished.stdout));
}

function checkEnv(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('env', value, 'an attribute set of texts');
  for (const [name, text] of Object.entries(value)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw wrong(`env."${name}"`, text, 'under a name of letters, digits and underscores');
    if (typeof text !== 'string') throw wrong(`env.${name}`, text, 'text');
  }
  return value as Record<string, string>;
}

function wrong(place: string, value: unknown, wanted: string): Hop3Error {
  return new Hop3Error('HOP3_EVAL_ENV', {
    what: `hop3.nix: ${printable(place)} should be ${wanted}, and is ${printable(JSON.stringify(value))}.`,
    next: 'For example: env = { LOG_LEVEL = "info"; };',
  });
}
