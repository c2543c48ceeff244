import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { ReleaseRow } from '../store/releases.ts';
import type { Env } from './environment.ts';
import type { Host } from './job.ts';
import { asBuilt } from './known.ts';
import type { Built } from './model.ts';
import { addonVariables, composeRelease, searchPath } from './provision.ts';

/** What is needed to run something beside a release's own processes. */
export interface LiveRelease {
  readonly row: ReleaseRow;
  /** `v3` */
  readonly name: string;
  readonly built: Built;
}

/** The live release of an app; null when there is none yet. */
export function findLive({ store }: Pick<Host, 'store'>, app: AppName): LiveRelease | null {
  const row = store.releases.live(app);
  const stored = row && store.builds.output(app, row.build);
  return stored ? { row, name: `v${row.version}`, built: asBuilt(stored, row.build, row.commit) } : null;
}

/** @throws Hop3Error HOP3_NO_RELEASE when nothing is live yet */
export function requireLive(host: Pick<Host, 'store'>, app: AppName): LiveRelease {
  const live = findLive(host, app);
  if (live) return live;
  throw new Hop3Error('HOP3_NO_RELEASE', {
    what: `${app} has no live release yet.`,
    next: `Push it first: git push hop3 ${host.store.apps.get(app)?.branch ?? 'main'}`,
  });
}

/** What the release's own processes get, besides PORT: for a command that runs beside them. */
export function liveEnvironment(host: Pick<Host, 'settings' | 'store' | 'addons'>, app: AppName, { row, built }: LiveRelease): Env {
  const { env } = composeRelease(host, app, built, row, addonVariables(host, app));
  return { ...env, PATH: searchPath(built, env) };
}
