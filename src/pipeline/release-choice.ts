import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { ReleaseRow } from '../store/releases.ts';
import type { Store } from '../store/store.ts';
import type { Lineage } from './lineage.ts';

/** @throws Hop3Error HOP3_NO_APP */
export function knownApp(store: Store, app: AppName): void {
  if (!store.apps.get(app)) throw new Hop3Error('HOP3_NO_APP', { what: `There is no app named ${app}.`, next: 'hop3 apps lists what there is.' });
}

/** @throws Hop3Error HOP3_NO_RELEASE before the app's first release */
export function liveRelease(store: Store, app: AppName): ReleaseRow {
  const live = store.releases.live(app);
  if (!live) throw new Hop3Error('HOP3_NO_RELEASE', { what: `${app} has no live release yet.`, next: `Push it first: git push hop3 ${branchOf(store, app)}` });
  return live;
}

/**
 * The release that a rollback goes back to.
 * @param to its version; null for the last one before the live one that has a build
 * @throws Hop3Error HOP3_NO_RELEASE
 */
export function rollbackTarget({ releases }: Store, app: AppName, to: number | null, live: ReleaseRow): ReleaseRow {
  const target = to === null ? releases.list(app, 50).find((release) => release.version < live.version && release.storePath !== null) : releases.get(app, to);
  if (!target) {
    throw new Hop3Error('HOP3_NO_RELEASE', {
      what: to === null ? `${app} has no release before v${live.version} to go back to.` : `${app} has no release v${to}.`,
      next: `hop3 releases --app ${app} lists them.`,
    });
  }
  if (target.version === live.version) throw new Hop3Error('HOP3_NO_RELEASE', { what: `v${to} is the live release of ${app} already.` });
  return target;
}

/** How the deployed branch follows a rollback; null where it names that commit already. */
export function branchMove(store: Store, app: AppName, target: ReleaseRow, live: ReleaseRow): Lineage['branch'] {
  if (target.commit === live.commit) return null;
  return { ref: `refs/heads/${branchOf(store, app)}`, commit: target.commit, old: live.commit };
}

/** The branch that is deployed; before the first push `main`. */
export function branchOf(store: Store, app: AppName): string {
  return store.apps.get(app)?.branch ?? 'main';
}
