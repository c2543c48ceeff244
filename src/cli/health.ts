import type { HealthInfo } from '../server/api-types.ts';
import { ago, duration, when } from './time.ts';

/** `ok for 3 minutes, asked 4 seconds ago`; the empty text where there is no health check. */
export function shortHealth(health: HealthInfo | null, now: number = Date.now()): string {
  if (health === null) return '';
  const { state, since } = health;
  if (state === 'unknown' || since === null) return 'not asked yet';
  const span = duration(Math.max(0, Math.round((now - Date.parse(since)) / 1000)));
  return state === 'ok' ? `ok for ${span}${lastAsked(health, now)}` : `FAILING for ${span}: ${answer(health)}`;
}

/** `ok since 2026-11-23 05:12 (3 minutes ago), asked 4 seconds ago` */
export function longHealth(health: HealthInfo, now: number = Date.now()): string {
  const { state, since } = health;
  if (state === 'unknown' || since === null) return 'not asked yet';
  return state === 'ok' ? `ok since ${when(since, now)}${lastAsked(health, now)}` : `FAILING since ${when(since, now)}: ${answer(health)}${lastAsked(health, now)}`;
}

function answer({ asked, answered }: HealthInfo): string {
  return `asked ${asked}, got ${answered}`;
}

function lastAsked({ last_asked: at }: HealthInfo, now: number): string {
  return at === null ? '' : `, asked ${ago(at, now)}`;
}
