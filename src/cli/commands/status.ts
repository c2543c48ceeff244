import type { ServerInfo, StatusInfo } from '../../server/api-types.ts';
import { clientFor } from '../connection.ts';
import { Client } from '../client.ts';
import type { CommandContext, Handler } from '../command-context.ts';
import { parseCount } from '../numbers.ts';
import { shortHealth } from '../health.ts';
import { fields, table } from '../output.ts';
import { ago, duration, when } from '../time.ts';

/** Exit code when the server, or nginx, does not answer. */
const DOWN = 7;

export const statusCommand: Handler = async (context, _args, options) => {
  if (options['serverLog']) return serverLog(context, parseCount('--lines', options['lines'], 100, 10_000));
  if (context.flags.app !== undefined) return (await import('./app.ts')).showApp(context, [], {});
  const connection = await context.connection();
  const healthy = await new Client({ server: connection.server, token: null, signal: context.signal }).isHealthy();
  if (!healthy) return (await import('./status-local.ts')).statusWithoutServer(context, connection);
  const status = await clientFor(connection, context.signal).get<StatusInfo>('/status');
  context.out.answer({ server: { address: connection.server, answers: true }, ...status }, () => describe(connection.server, status));
  return status.nginx.answers ? 0 : DOWN;
};

function describe(server: string, status: StatusInfo): string {
  const head = fields([
    ['server', `up at ${server}, version ${status.version}, since ${when(status.started_at)}`],
    ['nginx', status.nginx.answers ? `up at ${status.nginx.address}` : `DOWN: nothing answers at ${status.nginx.address}`],
    ['limits', status.limits.text],
    ['disk', status.disk],
    ['apps', status.apps.length === 0 ? 'none yet' : null],
  ]);
  if (status.apps.length === 0) return head;
  const now = Date.now();
  const checked = status.apps.some((app) => app.health !== null);
  const rows = status.apps.map((app) => [
    app.name,
    app.release ? `v${app.release.version}` : '-',
    app.release ? ago(app.release.created_at, now) : 'nothing live',
    app.workers.filter((worker) => worker.live).map((worker) => `${worker.worker} ${worker.state} ${duration(worker.seconds)}${worker.limit === null ? '' : ` (${worker.limit})`}`).join(', ') || (app.release ? 'static' : ''),
    ...(checked ? [shortHealth(app.health)] : []),
    app.url,
  ]);
  return `${head}\n\n${table(['app', 'release', 'since', 'processes', ...(checked ? ['health'] : []), 'url'], rows)}`;
}

async function serverLog(context: CommandContext, lines: number): Promise<void> {
  const connection = await context.connection();
  const healthy = await new Client({ server: connection.server, token: null, signal: context.signal }).isHealthy();
  const answer = healthy
    ? await clientFor(connection, context.signal).get<{ lines: string[] }>(`/server/log?lines=${Math.max(1, lines)}`)
    : await (await import('./status-local.ts')).localServerLog(context, lines);
  context.out.answer(answer, () => answer.lines.join('\n'));
}

export const serverInfo: Handler = async (context) => {
  const client = await context.client();
  const info = await client.get<ServerInfo>('/server');
  context.out.answer(info, () => fields([
    ['server', client.server],
    ['version', info.version],
    ['since', when(info.started_at)],
    ['nix', info.nix ?? 'not found'],
    ['package set', info.package_set ?? 'cannot be resolved now; see hop3 status --server-log'],
    ...Object.entries(info.settings).map(([name, value]) => [name, String(value)] as const),
  ]));
};
