import type { ProcessHealth } from '../pipeline/health-watch.ts';
import type { HealthInfo } from './api-types.ts';

export function healthInfo({ state, since, lastAsked, asked, answered }: ProcessHealth): HealthInfo {
  return { state, since: isoTime(since), last_asked: isoTime(lastAsked), asked, answered };
}

/** Of all processes together: the one that fails the longest; else one that was not asked yet; else well since the last of them is. */
export function appHealth(processes: readonly ProcessHealth[]): HealthInfo | null {
  const byTime = [...processes].sort((a, b) => (a.since ?? 0) - (b.since ?? 0));
  const telling = byTime.find(({ state }) => state === 'failing') ?? byTime.find(({ state }) => state === 'unknown') ?? byTime.at(-1);
  if (telling === undefined) return null;
  const asked = processes.flatMap(({ lastAsked }) => lastAsked ?? []);
  return { ...healthInfo(telling), last_asked: isoTime(asked.length === 0 ? null : Math.max(...asked)) };
}

function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
