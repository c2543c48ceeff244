import type { Release } from '../pipeline/model.ts';
import { appUrl } from '../pipeline/lineage.ts';
import type { WorkerStatus } from '../runtime/model.ts';
import type { AppRow } from '../store/apps.ts';
import type { AuditRow } from '../store/audit.ts';
import type { BuildRow } from '../store/builds.ts';
import type { ReleaseHead, ReleaseRow } from '../store/releases.ts';
import type { StageTime } from '../took.ts';
import type { TokenRow } from '../store/tokens.ts';
import type { AppSummary, AuditInfo, BuildInfo, HealthInfo, ReleaseHeadInfo, ReleaseInfo, StageTimeInfo, TokenInfo, WorkerInfo } from './api-types.ts';
import type { ServerContext } from './context.ts';

/** Rows of the database as the API shows them: no hashes, no values of variables, times as ISO texts. */
export function releaseInfo(row: ReleaseRow): ReleaseInfo {
  return { ...releaseHeadInfo(row), env_names: Object.keys(row.env).sort(), times: shownTimes(row.times) };
}

function releaseHeadInfo(row: ReleaseHead): ReleaseHeadInfo {
  return {
    app: row.app, version: row.version, commit: row.commit, tree: row.tree, build: row.build, reason: row.reason,
    description: row.description, by: row.by, created_at: isoTime(row.createdAt), live: row.live,
    can_roll_back: row.storePath !== null,
  };
}

/** The release a deploy ended with, as it is stored by then. */
export function deployedInfo(context: ServerContext, release: Release): ReleaseInfo {
  const row = context.store.releases.get(release.app, release.version);
  if (!row) throw new TypeError(`release v${release.version} of ${release.app} was answered but not stored`);
  return releaseInfo(row);
}

/** A build that waits is one that runs, to the database; what it waits for is known in memory alone. */
export function buildInfo(context: Pick<ServerContext, 'deployer'>, row: BuildRow): BuildInfo {
  const waitsFor = row.endedAt === null ? context.deployer.waitsFor(row.app, row.number) : null;
  return {
    app: row.app, number: row.number, commit: row.commit, status: waitsFor === null ? row.status : 'waiting', waits_for: waitsFor, by: row.by, started_at: isoTime(row.startedAt),
    ended_at: maybeTime(row.endedAt), store_path: row.storePath, error: row.error, release: row.release,
    times: shownTimes(row.times),
  };
}

/** To a tenth of a millisecond, which is more than two runs have in common. */
function shownTimes(times: readonly StageTime[]): StageTimeInfo[] {
  return times.map(({ name, ms }) => ({ name, ms: Math.round(ms * 10) / 10 }));
}

export function tokenInfo(row: TokenRow): TokenInfo {
  return {
    id: row.id, name: row.name, app: row.app, created_at: isoTime(row.createdAt), expires_at: maybeTime(row.expiresAt),
    last_used_at: maybeTime(row.lastUsedAt), revoked_at: maybeTime(row.revokedAt),
  };
}

export function auditInfo(row: AuditRow): AuditInfo {
  return {
    id: row.id, at: isoTime(row.at), action: row.action, app: row.app, by: row.by, token: row.token, address: row.address, names: row.names,
    result: row.result, note: row.note, ended_at: maybeTime(row.endedAt),
  };
}

export function appSummary(context: ServerContext, row: AppRow, live: ReleaseHead | null): AppSummary {
  return {
    name: row.name, branch: row.branch,
    url: appUrl(row.name, context.settings.domain, context.settings.httpListen.port),
    release: live && releaseHeadInfo(live), created_at: isoTime(row.createdAt), created_by: row.createdBy,
  };
}

export function workerInfo(status: WorkerStatus, live: ReleaseHead | null, health: HealthInfo | null): WorkerInfo {
  const { state } = status;
  const isLive = live?.slot === status.slot;
  return {
    worker: status.worker, slot: status.slot, live: isLive, health: isLive ? health : null, state: state.kind,
    pid: state.kind === 'up' ? state.pid : null, seconds: state.seconds, exit: state.kind === 'up' ? null : state.exit, limit: status.limit, deaths: state.kind === 'waiting' ? state.deaths : 0,
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function maybeTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTime(milliseconds);
}
