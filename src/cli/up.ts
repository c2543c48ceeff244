import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { INSTALL_DIR, Paths } from '../paths.ts';
import {
  applySites, checkAddresses, hasWorkers, isUp, knownSites, planReplacement, prepareConfinement, prepareRoot, refuseRoot, runningEnvironment, startSupervisor, stopSupervisor,
  waitUntilUp, writeOwnServices,
  type Supervisor,
} from '../runtime/supervisor.ts';
import { baseUrl, readSettings, refusePlainHttp, type Settings } from '../settings.ts';
import { readTlsFiles } from '../tls-files.ts';
import { replaceServer } from './replace.ts';

export interface UpOptions {
  /** Return when everything answers, and leave it running. */
  readonly detach: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** The program that serves git and the API; specs give a stand-in. */
  readonly serverCommand?: readonly string[];
  /** Seconds until everything has to answer. */
  readonly readyLimit?: number;
}

/**
 * `hop3 up`: starts the supervisor, and with it server, nginx and the workers of live releases. In the foreground it returns
 * when they have ended: after SIGTERM, SIGINT, SIGHUP or `hop3 down`.
 * @returns the exit code
 * @throws Hop3Error HOP3_ROOT_USER, HOP3_ROOT_DIR, HOP3_SETTING, HOP3_PORT_IN_USE, HOP3_ALREADY_UP, HOP3_NOT_READY, HOP3_DATABASE
 */
export async function up(options: UpOptions): Promise<number> {
  const env = options.env ?? process.env;
  const settings = readSettings(env);
  const paths = new Paths(settings.root);
  refuseRoot(settings.root);
  refusePlainHttp(settings);
  if (settings.tls) readTlsFiles(settings.tls);
  prepareRoot(paths, settings);
  if (isUp(paths)) return joinRunning(paths, env, options);

  const stop = listenForSignals(options.detach);
  try {
    await endLeftovers(paths);
    await checkAddresses(settings);
    prepareConfinement(paths);
    writeOwnServices(paths, settings, serverCommand(options), env);
    await applySites(paths, settings, await knownSites(paths));
    if (stop.signal.aborted) return 0;
    const supervisor = await startSupervisor(paths);
    await becomeReady(paths, settings, options, supervisor, stop.signal);
    if (options.detach) {
      supervisor.release();
      return 0;
    }
    return await stay(paths, settings, supervisor, stop);
  } finally {
    stop.dispose();
  }
}

/**
 * With --detach what was asked for is so already, or the server that runs is of another version and is replaced; in the foreground it cannot be.
 * What the settings of the running server say counts on where `env` says nothing: whoever upgrades need not know them.
 */
async function joinRunning(paths: Paths, env: NodeJS.ProcessEnv, options: UpOptions): Promise<number> {
  const merged = { ...runningEnvironment(paths), ...env };
  const settings = readSettings(merged);
  const replacement = planReplacement(paths, settings, serverCommand(options), merged);
  if (!options.detach) {
    throw new Hop3Error('HOP3_ALREADY_UP', {
      what: `Hop3 runs already in ${paths.root}, at ${baseUrl(settings)}.`,
      next: [
        ...(replacement ? ['It is another version than this one. To replace its server while the apps go on: hop3 up --detach'] : []),
        'See how it is: hop3 status. To start it here instead: hop3 down, then hop3 up.',
      ].join('\n'),
    });
  }
  if (replacement) {
    await replaceServer(paths, settings, replacement, options.readyLimit, note);
  } else {
    note('it runs already');
    await waitUntilUp(paths, settings, { limit: options.readyLimit }).catch((error: unknown) => {
      throw withNext(error, 'It goes on trying. To begin anew: hop3 down, then hop3 up.');
    });
  }
  sayReady(settings);
  return 0;
}

/** A supervisor that was killed leaves its services running; they hold the ports and would be started twice. */
async function endLeftovers(paths: Paths): Promise<void> {
  const { found } = await stopSupervisor(paths, 0);
  if (found.length > 0) note(`ended ${found.length} processes that an earlier run had left`);
}

async function becomeReady(paths: Paths, settings: Settings, options: UpOptions, supervisor: Supervisor, signal: AbortSignal): Promise<void> {
  try {
    await waitUntilUp(paths, settings, { limit: options.readyLimit, ended: () => supervisor.ended()?.text ?? null, signal });
    sayReady(settings);
  } catch (error) {
    if (signal.aborted) return;
    // Apps that were live come back without the server, and must not end because of it.
    if (supervisor.ended() === null && hasWorkers(paths)) {
      const left = withNext(error, 'The apps that were live have been started and go on; server and nginx are tried again every second. `hop3 down` ends everything.');
      if (options.detach) throw left;
      process.stderr.write(`hop3: ${left.message}\n${left.why ?? ''}\n${left.next ?? ''}\n`);
      return;
    }
    await stopSupervisor(paths, 0);
    throw withNext(error, `Everything was stopped again. The whole logs: ${paths.serverLogs}`);
  }
}

async function stay(paths: Paths, settings: Settings, supervisor: Supervisor, stop: SignalListener): Promise<number> {
  await Promise.race([supervisor.end, stop.asked]);
  if (stop.signal.aborted) {
    note(`stopping; requests under way get ${settings.drainTimeout} s (once more ends everything now)`);
    await stopSupervisor(paths, settings.drainTimeout, stop.hurry);
    await supervisor.end;
    note('stopped');
    return 0;
  }
  const ended = supervisor.ended()!;
  if (!ended.orderly) throw new Hop3Error('HOP3_NO_SUPERVISOR', { what: ended.text, next: 'Start it again with `hop3 up`, which also ends what is left.' });
  note('stopped'); // by `hop3 down` elsewhere
  return 0;
}

interface SignalListener {
  /** Fires at the first signal. */
  readonly signal: AbortSignal;
  readonly asked: Promise<void>;
  /** Fires at the second. */
  readonly hurry: AbortSignal;
  dispose(): void;
}

function listenForSignals(detach: boolean): SignalListener {
  const first = new AbortController();
  const second = new AbortController();
  const onSignal = () => (first.signal.aborted ? second : first).abort();
  // Detached, the few seconds until ready may be cut short; what was started is then ended by `hop3 down`.
  const names = detach ? [] : (['SIGTERM', 'SIGINT', 'SIGHUP'] as const);
  for (const name of names) process.on(name, onSignal);
  return {
    signal: first.signal,
    asked: new Promise((resolve) => first.signal.addEventListener('abort', () => resolve(), { once: true })),
    hurry: second.signal,
    dispose: () => { for (const name of names) process.off(name, onSignal); },
  };
}

function serverCommand(options: UpOptions): readonly string[] {
  if (options.serverCommand) return options.serverCommand;
  const file = join(INSTALL_DIR, 'dist', 'server.js');
  if (!existsSync(file)) throw new Hop3Error('HOP3_TOOL_MISSING', { what: `${file} is missing: Hop3 has not been built.`, next: `Build it: npm --prefix ${INSTALL_DIR} run build` });
  return [process.execPath, file];
}

function withNext(error: unknown, next: string): Hop3Error {
  if (!(error instanceof Hop3Error)) throw error;
  return new Hop3Error(error.code, { what: error.what, ...(error.why === undefined ? {} : { why: error.why }), next: error.next === undefined ? next : `${error.next}\n${next}`, cause: error });
}

function sayReady(settings: Settings): void {
  process.stdout.write(`hop3: ready ${baseUrl(settings)}\n`);
}

function note(text: string): void {
  process.stderr.write(`hop3: ${text}\n`);
}
