import { keptConfig } from '../pipeline/known.ts';
import { limitsOf } from '../pipeline/limits.ts';
import { confinement, type Confinement } from '../runtime/confinement.ts';
import type { WorkerStatus } from '../runtime/model.ts';
import type { AppRow } from '../store/apps.ts';
import type { ReleaseRow } from '../store/releases.ts';
import type { AppDetail, LimitsInfo, WorkerInfo } from './api-types.ts';
import { appHealth, healthInfo } from './health-view.ts';
import { appSummary, buildInfo, workerInfo } from './api-views.ts';
import type { ServerContext } from './context.ts';

/** Apps, each with its processes, picked from those of the whole host. What is the same for all of them is looked up once. */
export function appDetails(context: ServerContext, rows: readonly AppRow[], statuses: readonly WorkerStatus[]): AppDetail[] {
  const confined = confinement(context.paths);
  const byApp = new Map<string, WorkerStatus[]>();
  for (const status of statuses) byApp.set(status.app, [...(byApp.get(status.app) ?? []), status]);
  return rows.map((row) => {
    const live = context.store.releases.live(row.name);
    const last = context.store.builds.list(row.name, 1)[0];
    return {
      ...appSummary(context, row, live),
      workers: workersOf(context, row, byApp.get(row.name) ?? [], live),
      health: appHealth(context.health.of(row.name)),
      last_build: last ? buildInfo(context, last) : null,
      limits: limitsInfo(context, live, confined),
      ports: context.store.fixedPorts.ofApp(row.name).map(({ number, protocol, name }) => ({ number, protocol, name })),
      git_path: `/${row.name}.git`,
    };
  });
}

/** The same of one app. */
export function appDetail(context: ServerContext, row: AppRow, statuses: readonly WorkerStatus[]): AppDetail {
  return appDetails(context, [row], statuses)[0]!;
}

function limitsInfo({ store, settings }: ServerContext, live: ReleaseRow | null, { by, unkept }: Confinement): LimitsInfo | null {
  const build = live && store.builds.output(live.app, live.build);
  return build && { ...limitsOf(settings, keptConfig(build.config)), kept_by: by, unkept };
}

/** The live release's processes first. */
export function workersOf(context: ServerContext, row: AppRow, statuses: readonly WorkerStatus[], live: ReleaseRow | null = context.store.releases.live(row.name)): WorkerInfo[] {
  const health = new Map(context.health.of(row.name).map((one) => [one.worker, healthInfo(one)]));
  return statuses
    .filter((status) => status.app === row.name)
    .map((status) => workerInfo(status, live, health.get(status.worker) ?? null))
    .sort((a, b) => Number(b.live) - Number(a.live) || a.worker.localeCompare(b.worker, 'en', { numeric: true }));
}
