import { Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import { shortOid, type StorePath } from '../names.ts';
import { decideGivePkgs } from '../nix/build.ts';
import type { PackageSet } from '../nix/model.ts';
import { isValidPath } from '../nix/store.ts';
import { instantiate, notIdentical, originsOf, rebuildsTheSame, type BuiltHere } from '../nix/verify.ts';
import type { ReleaseRow } from '../store/releases.ts';
import type { AttemptLog } from './attempt-log.ts';
import { buildPlace } from './build-place.ts';
import { unlessCancelled } from './cancel.ts';
import { checkOut } from './checkout.ts';
import { configure } from './configure.ts';
import type { Host, Job } from './job.ts';
import { buildKey } from './known.ts';
import { renderPlan } from './render.ts';
import { Steps } from './steps.ts';
import { Undo } from './undo.ts';

/**
 * Builds a release once more and compares: every store path it runs with that this server built itself. Changes nothing that
 * is live or kept, and waits for no deploy of the app; takes a place among the builds.
 * @throws Hop3Error HOP3_NOT_IDENTICAL with the paths that differ, HOP3_VERIFY_LOST, HOP3_RELEASE_PRUNED, HOP3_BUILD_...,
 *   HOP3_EVAL_..., HOP3_CANCELLED
 */
export async function verifyRelease(host: Host, release: ReleaseRow, by: string, log: PushLog, signal: AbortSignal): Promise<void> {
  const { storePath, version } = release;
  if (storePath === null || !(await isValidPath(storePath))) {
    throw new Hop3Error('HOP3_RELEASE_PRUNED', { what: `The build of v${version} is no longer kept, so there is nothing to compare with.`, next: `Push its commit ${shortOid(release.commit)} again, and verify that release.` });
  }
  const packageSet = await unlessCancelled(signal, host.packageSet(log));
  const leave = await buildPlace({ ...host, log, signal, waits: () => {} });
  try {
    log.phase(`Verifying v${version} (${shortOid(release.commit)})`);
    const origins = await originsOf(storePath);
    if (!origins.builtHere.some(({ path }) => path === storePath)) {
      throw new Hop3Error('HOP3_VERIFY_LOST', { what: `v${version} was not built on this server: ${storePath} came from a cache.`, next: 'Verify it where it was built.' });
    }
    if (!(await allValid(origins.builtHere))) await bringBack(host, release, packageSet, by, log, signal);
    // What the host set makes is links into the distribution, which says nothing of the app and changes with it.
    const chosen = origins.builtHere.filter(({ path }) => packageSet.kind !== 'host' || !path.endsWith('-host'));
    const count = `${chosen.length} store path${chosen.length === 1 ? '' : 's'}`;
    const ofHost = origins.builtHere.length - chosen.length;
    if (ofHost > 0) log.line(`not looked at: ${ofHost} of the host set (links to programs of the distribution)`);
    if (origins.byHash > 0) log.line(`known by their hash: ${origins.byHash} (sources and downloads)`);
    if (origins.fromCache > 0) log.line(`known by the signature of a cache: ${origins.fromCache}`);
    const differing: StorePath[] = [];
    for (const built of chosen) {
      log.phase(`Building again: ${built.path}`);
      const same = await rebuildsTheSame(built, packageSet, { settings: host.settings, log, signal });
      log.line(same ? 'came out the same' : 'came out different');
      if (!same) differing.push(built.path);
    }
    if (differing.length > 0) throw notIdentical(`v${version} is not bit-identical: ${differing.length} of ${count} came out different.`, differing);
    log.phase(`v${version} is bit-identical: ${count} built again, and nothing differs`);
  } finally {
    leave();
  }
}

async function allValid(built: readonly BuiltHere[]): Promise<boolean> {
  for (const { derivation } of built) if (!(await isValidPath(derivation))) return false;
  return true;
}

/**
 * Derivations that were garbage are made anew from the release's commit, as a push would make them.
 * @throws Hop3Error HOP3_VERIFY_LOST when the commit gives another store path today, HOP3_EVAL_..., HOP3_CANCELLED
 */
export async function bringBack(host: Host, release: ReleaseRow, packageSet: PackageSet, by: string, log: PushLog, signal: AbortSignal): Promise<void> {
  const { settings } = host;
  log.line('its derivation is not in the store any more: evaluating its commit again');
  const job: Job = {
    ...host, app: release.app, by, signal, undo: new Undo(), steps: new Steps(), cleanUps: [], slotFree: () => Promise.resolve(), passSwitch: () => {}, waits: () => {}, attempt: release.build,
    log: forClientAlone(log),
  };
  try {
    const source = await checkOut(job, release);
    const rendered = await renderPlan(job, source, await configure(job, source));
    const { givePkgs } = decideGivePkgs(rendered.expression, packageSet);
    const request = { expression: rendered.expressionFile, sourceDir: source.dir, packageSet, givePkgs, rootLink: '' };
    const outputs = await instantiate(request, rendered.expression, { settings, log, signal });
    if (release.storePath !== null && outputs.includes(release.storePath)) return;
    const stored = host.store.builds.output(release.app, release.build);
    throw new Hop3Error('HOP3_VERIFY_LOST', {
      what: `How v${release.version} was built is lost: its commit gives another store path today.`,
      why: [
        stored?.buildKey === buildKey(packageSet) ? 'Hop3 or Nix has changed since.' : 'The package set, or how templates are rendered, has changed since.',
        `then:  ${release.storePath}`, `today: ${outputs.join(' ')}`,
      ].join('\n'),
      next: 'Change its tree, push it, and verify that release.',
    });
  } finally {
    for (const cleanUp of job.cleanUps) await cleanUp().catch((error: unknown) => host.reportDefect('clean-up', error));
  }
}

/** The log of a job that is no attempt: no file keeps it. */
function forClientAlone(log: PushLog): AttemptLog {
  return {
    phase: (text) => log.phase(text), line: (text) => log.line(text), problem: (text) => log.problem(text),
    output: (text) => log.output(text), waiting: (text) => log.waiting(text), hide: (values) => log.hide(values),
    tellOnce: (text) => log.line(text), keepProblem: () => {}, withoutSecrets: (text) => text, close: async () => {},
  };
}
