import { readFile } from 'node:fs/promises';
import { Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import { isStorePath } from '../names.ts';
import { describeExit, failure, run } from '../run.ts';
import { readExpressionEnv } from './expression-env.ts';
import type { BuildRequest, BuildResult } from './model.ts';
import { nixBuild, nixTrace, shortenPaths, type NixSettings } from './nix-command.ts';
import { findLocation, nixFailure } from './nix-failure.ts';
import { fetchesOwnNixpkgs, NIXPKGS_URIS } from './own-nixpkgs.ts';

export { decideGivePkgs, fetchesOwnNixpkgs } from './own-nixpkgs.ts';

export interface BuildOptions {
  readonly settings: NixSettings;
  readonly log: PushLog;
  readonly signal?: AbortSignal | undefined;
}

/** Seconds more that evaluation may take where it has a nixpkgs of its own to fetch. */
const FETCH_TIME = 900;
/** Lines kept for the message: the longest of nixpkgs' refusals seen has 42, and warnings may stand among them. */
const KEPT_LINES = 120;
/** What nix prints when evaluation is over and work begins. */
const WORK_BEGINS = /^(?:this|these) .*\bwill be (?:built|fetched)|^(?:building|copying path|substituting) '\/nix\/store\//;
/** An expression that has an attribute `env`, or may get one from another file; asking nix takes as long as evaluating it did. */
const MAY_HAVE_ENV = /\benv\b|\bimport\s*[^<\s]|\.nix\b/;
/** Lines that tell a user nothing: the evaluator's own heap, and advice to run a command on the server. */
const NOISE = /^GC Warning: |^\(use '--show-trace'|^\s*For full logs, run 'nix log|restricted setting and you are not a trusted user/;

/**
 * Builds an expression's `package` through the nix daemon: restricted evaluation, sandboxed builders, limits on time,
 * silence and memory. Nix's lines go to the log as they come.
 * @throws Hop3Error HOP3_EVAL_..., HOP3_BUILD_..., HOP3_NIX_DAEMON, HOP3_CANCELLED; why holds nix's last words
 */
export async function buildExpression(request: BuildRequest, options: BuildOptions): Promise<BuildResult> {
  const text = await readFile(request.expression, 'utf8');
  const ownNixpkgs = !request.givePkgs && fetchesOwnNixpkgs(text);
  const allowedUris = ownNixpkgs ? NIXPKGS_URIS : [];
  const evalLimit = options.settings.evalTimeout + (ownNixpkgs ? FETCH_TIME : 0);

  const storePath = await runBuild(request, allowedUris, evalLimit, options);
  const expressionEnv = MAY_HAVE_ENV.test(text) ? await readExpressionEnv(request, allowedUris, options) : {};
  return { storePath, expressionEnv };
}

async function runBuild(request: BuildRequest, allowedUris: readonly string[], evalLimit: number, options: BuildOptions): Promise<BuildResult['storePath']> {
  const { settings, log } = options;
  const stop = new AbortController();
  const lines: string[] = [];
  let building = false;
  let evaluationEnded = false;
  const timer = setTimeout(() => { if (!building) { evaluationEnded = true; stop.abort(); } }, evalLimit * 1000);
  const command = nixBuild(request, allowedUris, settings);
  const finished = await run(command, {
    signal: options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal,
    keepStdout: 64 * 1024,
    onLine: (raw, stream) => {
      if (stream === 'stdout') return;
      const line = shortenPaths(raw, request);
      building ||= WORK_BEGINS.test(line);
      // An evaluator out of memory says so a hundred times; the line that counts is its last.
      if (/^GC Warning: Failed/.test(line)) return;
      lines.push(line.slice(0, 2000));
      if (lines.length > KEPT_LINES) lines.shift();
      if (!NOISE.test(line)) log.output(line);
    },
  }).finally(() => clearTimeout(timer));

  if (evaluationEnded) {
    throw new Hop3Error('HOP3_EVAL_TIMEOUT', {
      what: `Nix evaluated the expression for ${evalLimit} s and had nothing to build yet.`,
      why: 'It was ended.',
      next: "Look for a loop in hop3.nix. The limit is the server's setting HOP3_EVAL_TIMEOUT.",
    });
  }
  if (finished.cancelled) throw failure(command, finished);
  if (finished.timedOut) {
    throw new Hop3Error('HOP3_BUILD_TIMEOUT', {
      what: `The build as a whole took more than ${settings.buildTimeout} s and was ended.`,
      next: "The limit is the server's setting HOP3_BUILD_TIMEOUT.",
    });
  }
  if (finished.code !== 0) {
    const location = findLocation(lines) ?? (building ? null : await traceLocation(request, allowedUris, options));
    throw nixFailure({ finished, lines, building, location, packageSet: request.packageSet.title, settings, hashes: request.hashes });
  }
  const path = finished.stdout.trim();
  if (isStorePath(path)) return path;
  throw new Hop3Error('HOP3_BUILD_OUTPUT', {
    what: `nix-build ended with ${describeExit(finished)} and without one store path.`,
    why: path === '' ? 'It printed nothing.' : `It printed: ${path.slice(0, 500)}`,
  });
}

/** Some errors come without a line; a second evaluation with a trace has it. */
async function traceLocation(request: BuildRequest, allowedUris: readonly string[], options: BuildOptions): Promise<string | null> {
  const lines: string[] = [];
  await run(nixTrace(request, allowedUris, options.settings), {
    signal: options.signal,
    keepStdout: 0,
    onLine: (line) => { if (lines.length < 2000 && /^\s*at /.test(line)) lines.push(shortenPaths(line, request)); },
  });
  return findLocation(lines);
}
