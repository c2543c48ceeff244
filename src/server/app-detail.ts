import { byApp } from '../by-app.ts';
import { keptConfig } from '../pipeline/known.ts';
import { limitsOf } from '../pipeline/limits.ts';
import { confinement } from '../runtime/confinement.ts';
import type { WorkerStatus } from '../runtime/model.ts';
import type { AppRow } from '../store/apps.ts';
import type { ReleaseHead } from '../store/releases.ts';
import type { AppDetail, AppState, LimitsInfo, WorkerInfo } from './api-types.ts';
import { appHealth, healthInfo } from './health-view.ts';
import { appSummary, buildInfo, releaseInfo, workerInfo } from './api-views.ts';
import type { ServerContext } from './context.ts';

/** Apps for a list, each with its processes, picked from those of the whole host. What is the same for all of them is looked up once. */
export function appStates(context: ServerContext, rows: readonly AppRow[], statuses: readonly WorkerStatus[]): AppState[] {
  const lives = context.store.releases.liveHeads();
  const workers = byApp(statuses);
  return rows.map((row) => appState(context, row, workers.get(row.name) ?? [], lives.get(row.name) ?? null));
}

/** The processes of one app. */
export function appWorkers(context: ServerContext, row: AppRow, statuses: readonly WorkerStatus[]): WorkerInfo[] {
  return workersOf(context, row, byApp(statuses).get(row.name) ?? [], context.store.releases.live(row.name));
}

/** All of one app. */
export function appDetail(context: ServerContext, row: AppRow, statuses: readonly WorkerStatus[]): AppDetail {
  const live = context.store.releases.live(row.name);
  const last = context.store.builds.list(row.name, 1)[0];
  return {
    ...appState(context, row, byApp(statuses).get(row.name) ?? [], live),
    release: live && releaseInfo(live),
    last_build: last ? buildInfo(context, last) : null,
    limits: limitsInfo(context, live),
    ports: context.store.fixedPorts.ofApp(row.name).map(({ number, protocol, name }) => ({ number, protocol, name })),
    git_path: `/${row.name}.git`,
  };
}

function appState(context: ServerContext, row: AppRow, workers: readonly WorkerStatus[], live: ReleaseHead | null): AppState {
  return { ...appSummary(context, row, live), workers: workersOf(context, row, workers, live), health: appHealth(context.health.of(row.name)) };
}

function limitsInfo({ store, settings, paths }: ServerContext, live: ReleaseHead | null): LimitsInfo | null {
  const build = live && store.builds.output(live.app, live.build);
  const { by, unkept } = confinement(paths);
  return build && { ...limitsOf(settings, keptConfig(build.config)), kept_by: by, unkept };
}

/** The processes of one app, those of its live release first. */
function workersOf(context: ServerContext, row: AppRow, own: readonly WorkerStatus[], live: ReleaseHead | null): WorkerInfo[] {
  if (own.length === 0) return [];
  const health = new Map(context.health.of(row.name).map((one) => [one.worker, healthInfo(one)]));
  return own
    .map((status) => workerInfo(status, live, health.get(status.worker) ?? null))
    .sort((a, b) => Number(b.live) - Number(a.live) || a.worker.localeCompare(b.worker, 'en', { numeric: true }));
}
