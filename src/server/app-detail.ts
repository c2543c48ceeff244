import { keptConfig } from '../pipeline/known.ts';
import { limitsOf } from '../pipeline/limits.ts';
import { confinement } from '../runtime/confinement.ts';
import type { WorkerStatus } from '../runtime/model.ts';
import type { AppRow } from '../store/apps.ts';
import type { AppDetail, LimitsInfo, WorkerInfo } from './api-types.ts';
import { appHealth, healthInfo } from './health-view.ts';
import { appSummary, buildInfo, workerInfo } from './api-views.ts';
import type { ServerContext } from './context.ts';

/** An app with its processes, picked from those of the whole host. */
export function appDetail(context: ServerContext, row: AppRow, statuses: readonly WorkerStatus[]): AppDetail {
  const last = context.store.builds.list(row.name, 1)[0];
  return {
    ...appSummary(context, row),
    workers: workersOf(context, row, statuses),
    health: appHealth(context.health.of(row.name)),
    last_build: last ? buildInfo(context, last) : null,
    limits: limitsInfo(context, row),
    ports: context.store.fixedPorts.ofApp(row.name).map(({ number, protocol, name }) => ({ number, protocol, name })),
    git_path: `/${row.name}.git`,
  };
}

function limitsInfo({ store, settings, paths }: ServerContext, row: AppRow): LimitsInfo | null {
  const live = store.releases.live(row.name);
  const build = live && store.builds.output(row.name, live.build);
  const { by, unkept } = confinement(paths);
  return build && { ...limitsOf(settings, keptConfig(build.config)), kept_by: by, unkept };
}

/** The live release's processes first. */
export function workersOf(context: ServerContext, row: AppRow, statuses: readonly WorkerStatus[]): WorkerInfo[] {
  const live = context.store.releases.live(row.name);
  const health = new Map(context.health.of(row.name).map((one) => [one.worker, healthInfo(one)]));
  return statuses
    .filter((status) => status.app === row.name)
    .map((status) => workerInfo(status, live, health.get(status.worker) ?? null))
    .sort((a, b) => Number(b.live) - Number(a.live) || a.worker.localeCompare(b.worker, 'en', { numeric: true }));
}
