import { access } from 'node:fs/promises';
import { constants } from 'node:fs';
import { answersHttp } from '../../http-answers.ts';
import { Paths } from '../../paths.ts';
import { formatAddress, readSettings } from '../../settings.ts';
import { unreachable } from '../client.ts';
import type { CommandContext } from '../command-context.ts';
import type { Connection } from '../connection.ts';
import { fields, table } from '../output.ts';
import { duration } from '../time.ts';

/** Exit code when the server does not answer. */
const DOWN = 7;

/**
 * What can be seen of Hop3 on this machine while its server is down: the supervisor, nginx and the workers, which run on
 * without it. Somebody who may not read HOP3_ROOT, or sits elsewhere, is told only that nothing answers.
 */
export async function statusWithoutServer(context: CommandContext, connection: Connection): Promise<number> {
  const settings = readSettings(context.env);
  const paths = new Paths(settings.root);
  if (!(await isReadable(paths.services))) throw unreachable(connection.server, `${paths.root} is not readable here either, so nothing is known of its apps.`);
  const { isUp, workerStatuses } = await import('../../runtime/supervisor.ts');
  const supervisor = isUp(paths);
  const nginx = await answersHttp(settings.httpListen);
  const workers = supervisor ? await workerStatuses(paths) : [];
  const value = {
    server: { address: connection.server, answers: false },
    supervisor,
    nginx: { address: formatAddress(settings.httpListen), answers: nginx },
    workers: workers.map(({ app, slot, worker, state }) => ({ app, slot, worker, state: state.kind, seconds: state.seconds })),
  };
  context.out.answer(value, () => describe(connection.server, supervisor, nginx, formatAddress(settings.httpListen), workers));
  context.out.note(supervisor
    ? 'The supervisor starts a server that ended again. Why this one does not answer: hop3 status --server-log'
    : 'Start everything with: hop3 up');
  return DOWN;
}

interface LocalWorker {
  readonly app: string;
  readonly worker: string;
  readonly state: { readonly kind: string; readonly seconds: number };
}

function describe(server: string, supervisor: boolean, nginx: boolean, address: string, workers: readonly LocalWorker[]): string {
  const head = fields([
    ['server', `DOWN: nothing answers at ${server}`],
    ['supervisor', supervisor ? 'up' : 'DOWN: no s6-svscan runs, so no app does'],
    ['nginx', nginx ? `up at ${address}` : `DOWN: nothing answers at ${address}`],
  ]);
  const rows = workers.map(({ app, worker, state }) => [app, worker, state.kind, duration(state.seconds)]);
  return rows.length === 0 ? head : `${head}\n\n${table(['app', 'process', 'state', 'for'], rows)}`;
}

/** The server's log from its files, for when the server cannot be asked. */
export async function localServerLog(context: CommandContext, lines: number): Promise<{ lines: string[] }> {
  const { readServerLog } = await import('../../server-log.ts');
  return { lines: await readServerLog(new Paths(readSettings(context.env).root).serverLogs, lines) };
}

function isReadable(dir: string): Promise<boolean> {
  return access(dir, constants.R_OK).then(() => true, () => false);
}
