import type { WorkerStatus } from '../runtime/model.ts';
import type { AppRow } from '../store/apps.ts';
import type { AppDetail, WorkerInfo } from './api-types.ts';
import { appSummary, buildInfo, workerInfo } from './api-views.ts';
import type { ServerContext } from './context.ts';

/** An app with its processes, picked from those of the whole host. */
export function appDetail(context: ServerContext, row: AppRow, statuses: readonly WorkerStatus[]): AppDetail {
  const last = context.store.builds.list(row.name, 1)[0];
  return {
    ...appSummary(context, row),
    workers: workersOf(context, row, statuses),
    last_build: last ? buildInfo(last) : null,
    git_path: `/${row.name}.git`,
  };
}

/** The live release's processes first. */
export function workersOf(context: ServerContext, row: AppRow, statuses: readonly WorkerStatus[]): WorkerInfo[] {
  const live = context.store.releases.live(row.name);
  return statuses
    .filter((status) => status.app === row.name)
    .map((status) => workerInfo(status, live))
    .sort((a, b) => Number(b.live) - Number(a.live) || a.worker.localeCompare(b.worker, 'en', { numeric: true }));
}
