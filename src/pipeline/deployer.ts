import { Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import { shortOid, type AppName, type Oid } from '../names.ts';
import { isValidPath } from '../nix/store.ts';
import { liveSlot } from '../runtime/slots.ts';
import type { ReleaseRow } from '../store/releases.ts';
import { changeAddons, describeChange } from './addons.ts';
import { createApp, destroyApp } from './app-life.ts';
import { openAttemptLog } from './attempt-log.ts';
import { Attempts } from './attempts.ts';
import { changeBranch } from './branch.ts';
import { cancelAttempt } from './cancel-attempt.ts';
import { concludeFailure } from './failure.ts';
import { collectApp, collectHost, findGarbage, type Garbage, type GarbageReport } from './gc.ts';
import { oldBuildLogs, remove } from './gc-files.ts';
import type { Host, Job } from './job.ts';
import { asBuilt } from './known.ts';
import type { Lineage } from './lineage.ts';
import type { AddonChange, Built, Deployer, Push, Release } from './model.ts';
import { deployPush, deployReceived, makeLive, type Deployed } from './pipeline.ts';
import { newCounts, processTypes } from './process-types.ts';
import { OwedWrites } from './owed-writes.ts';
import { finishSwitch, settleApp } from './repair.ts';
import { Steps } from './steps.ts';
import { Turns } from './turns.ts';
import { Undo } from './undo.ts';

/** Everything that changes what runs, one deploy an app at a time. */
export class HostDeployer implements Deployer {
  readonly #host: Host;
  readonly #turns = new Turns();
  readonly #attempts = new Attempts();
  /** Old releases that still finish their requests; an app's next deploy may build meanwhile, and waits before it needs the slot. */
  readonly #draining = new Map<AppName, Promise<void>>();

  /** What could not be written down at a deploy's end. */
  readonly #owed: OwedWrites;

  constructor(host: Host) {
    this.#host = host;
    this.#owed = new OwedWrites(host.reportDefect);
  }

  async push(push: Push, log: PushLog, signal: AbortSignal): Promise<Release> {
    const what = `deploy of ${shortOid(push.commit)} by ${push.pusher}`;
    return this.#deploy(push.app, push.pusher, what, () => push.commit, () => push.commit, log, signal, (job) => {
      job.steps.note({ name: 'transfer', ms: push.transferMs }, { name: 'check', ms: push.checkMs });
      return deployPush(job, push);
    });
  }

  async rollback(app: AppName, to: number | null, by: string, log: PushLog, signal: AbortSignal): Promise<Release> {
    return this.#again(app, `rollback by ${by}`, by, log, signal, (live) => {
      const target = this.#rollbackTarget(app, to, live);
      return {
        from: target,
        lineage: {
          reason: 'rollback', version: this.#host.store.releases.nextVersion(app), description: `Rollback to v${target.version}`,
          env: target.env, generated: target.generated, branch: this.#branchMove(app, target, live),
        },
      };
    });
  }

  async setEnv(app: AppName, changes: Readonly<Record<string, string | null>>, by: string, log: PushLog, signal: AbortSignal): Promise<Release | null> {
    const { store } = this.#host;
    this.#knownApp(app);
    const what = `change of variables by ${by}`;
    if (!store.releases.live(app)) {
      // The first deploy may be under way with the variables as they were, which it writes down when it is live.
      const giveBack = await this.#turn(app, what, log, signal);
      try {
        this.#knownApp(app);
        if (!store.releases.live(app)) {
          store.env.change(app, changes);
          return null;
        }
      } finally {
        giveBack();
      }
    }
    return this.#again(app, what, by, log, signal, (live) => {
      const env: Record<string, string> = store.env.get(app);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) delete env[name];
        else env[name] = value;
      }
      const names = Object.keys(changes).join(', ');
      const verb = Object.values(changes).every((value) => value === null) ? 'Unset' : 'Set';
      return {
        from: live,
        lineage: { reason: 'env', version: store.releases.nextVersion(app), description: `${verb} ${names}`, env, generated: live.generated.filter((name) => !Object.hasOwn(changes, name)), branch: null },
      };
    });
  }

  async changeAddons(app: AppName, change: AddonChange, by: string, log: PushLog, signal: AbortSignal): Promise<Release | null> {
    const { store } = this.#host;
    this.#knownApp(app);
    const what = `change of addons by ${by}`;
    const apply = (undo: Undo) => changeAddons({ ...this.#host, app, by, log, signal, undo }, change);
    if (!store.releases.live(app)) {
      const giveBack = await this.#turn(app, what, log, signal);
      try {
        this.#knownApp(app);
        if (!store.releases.live(app)) {
          await apply(new Undo());
          return null;
        }
      } finally {
        giveBack();
      }
    }
    return this.#again(app, what, by, log, signal, (live) => ({
      from: live,
      lineage: { reason: 'env', version: store.releases.nextVersion(app), description: describeChange(app, change), env: store.env.get(app), generated: live.generated, branch: null },
    }), async (job) => {
      // The release before this one still has the old password of a change before this one.
      if (change.kind === 'rotate') await job.slotFree();
      await apply(job.undo);
    });
  }

  async scale(app: AppName, changes: Readonly<Record<string, number>>, by: string, log: PushLog, signal: AbortSignal): Promise<Release> {
    const { store } = this.#host;
    const words = Object.entries(changes).map(([type, count]) => `${type}=${count}`).join(' ');
    return this.#again(app, `change to ${words} by ${by}`, by, log, signal, (live) => ({
      from: live,
      lineage: { reason: 'restart', version: live.version, description: live.description, env: live.env, generated: live.generated, branch: null },
    }), async (job, built) => {
      const before = store.scale.get(app);
      store.unsettled.begin(app, liveSlot(this.#host.paths, app));
      store.scale.set(app, newCounts(Object.keys(processTypes(built)), before, changes));
      job.undo.add('scale back', () => store.scale.set(app, before));
      job.log.phase(`Scaling ${app}: ${words}`);
    });
  }

  async restart(app: AppName, by: string, log: PushLog, signal: AbortSignal): Promise<Release> {
    return this.#again(app, `restart by ${by}`, by, log, signal, (live) => ({
      from: live,
      lineage: { reason: 'restart', version: live.version, description: live.description, env: live.env, generated: live.generated, branch: null },
    }));
  }

  async restore(app: AppName, by: string, log: PushLog, signal: AbortSignal): Promise<Release> {
    const live = this.#liveRelease(app);
    return this.#deploy(app, by, `restore by ${by}`, () => live.commit, () => live.commit, log, signal, (job) => {
      log.phase(`Restoring ${app} v${live.version} (${shortOid(live.commit)})`);
      return deployReceived(job, {
        commit: live.commit, tree: live.tree, earlierBuild: live.build,
        lineage: {
          reason: 'push', version: this.#host.store.releases.nextVersion(app), description: `Restore v${live.version} from a backup`,
          env: live.env, generated: live.generated, branch: null,
        },
      });
    });
  }

  createApp(app: AppName, by: string): Promise<void> {
    return this.#inTurn(app, `creation by ${by}`, 60, () => createApp(this.#host, app, by));
  }

  async setBranch(app: AppName, branch: string, by: string): Promise<void> {
    this.#knownApp(app);
    await this.#inTurn(app, `change of branch by ${by}`, 60, () => {
      this.#knownApp(app);
      return changeBranch(this.#host, app, branch);
    });
  }

  async collectGarbage({ dryRun, store }: { readonly dryRun: boolean; readonly store: boolean }): Promise<GarbageReport> {
    const host = this.#host;
    if (dryRun) return findGarbage(host, store);
    const found: Garbage[] = [];
    const busy: { app: AppName; with: string }[] = [];
    for (const { name } of host.store.apps.list()) {
      const ahead = this.#turns.holder(name);
      if (ahead) {
        busy.push({ app: name, with: ahead.what });
        continue;
      }
      await this.#inTurn(name, 'garbage collection', 60, async () => {
        // It may have been destroyed while another app was looked at.
        if (host.store.apps.get(name)) found.push(...(await collectApp(host, name)));
      });
    }
    found.push(...(await collectHost(host, store)));
    return { found, busy };
  }

  async destroyApp(app: AppName, by: string): Promise<void> {
    this.#knownApp(app);
    let removeRepo = async (): Promise<void> => {};
    await this.#inTurn(app, `destruction by ${by}`, 600, async () => {
      await this.#draining.get(app);
      removeRepo = await destroyApp(this.#host, app);
    });
    // The turn is given back: the pushes that waited for it are told now, by the gits that stand in the repository.
    await removeRepo();
  }

  cancel(app: AppName, number: number, by: string): Promise<void> {
    return cancelAttempt(this.#host.store, app, number, this.#attempts.get(app, number), by);
  }

  waitsFor(app: AppName, number: number): string | null {
    return this.#attempts.get(app, number)?.waitsFor ?? null;
  }

  /** What changes an app without a deploy waits for the app's turn too, at most these seconds. */
  async #inTurn(app: AppName, what: string, limit: number, work: () => Promise<void>): Promise<void> {
    const giveBack = await this.#turns.take(app, what, AbortSignal.timeout(limit * 1000), () => {}).catch(() => {
      const ahead = this.#turns.holder(app);
      throw new Hop3Error('HOP3_TIMEOUT', {
        what: `${app} was busy for ${limit} s${ahead ? `, now with the ${ahead.what}` : ''}.`,
        next: 'Nothing was changed. Try again when that has ended.',
      });
    });
    try {
      await work();
    } finally {
      giveBack();
    }
  }

  /** A deploy that starts from a release instead of a push: no checkout, no nix. */
  async #again(
    app: AppName, what: string, by: string, log: PushLog, signal: AbortSignal,
    choose: (live: ReleaseRow) => { from: ReleaseRow; lineage: Lineage }, before?: (job: Job, built: Built) => Promise<void>,
  ): Promise<Release> {
    this.#knownApp(app);
    this.#liveRelease(app);
    // Chosen when the turn is ours: the deploy before may change what is live. The attempt is one with the chosen release's commit.
    const chosen = () => choose(this.#liveRelease(app));
    const liveNow = () => this.#liveRelease(app).commit;
    return this.#deploy(app, by, what, liveNow, () => chosen().from.commit, log, signal, async (job) => {
      const { from, lineage } = chosen();
      if (lineage.reason === 'rollback') job.log.phase(`${lineage.description} (${shortOid(from.commit)})`);
      const built = await this.#builtOf(job, from);
      await before?.(job, built);
      return makeLive(job, built, lineage);
    });
  }

  /**
   * One attempt, from the asking to its end: it has a number and a log from the first moment, so that one that waits can be seen
   * and cancelled too. `asked` is the commit as far as it is known while waiting, `commitOf` the one that it is about.
   */
  async #deploy(
    app: AppName, by: string, what: string, asked: () => Oid, commitOf: () => Oid, client: PushLog, signal: AbortSignal,
    work: (job: Job) => Promise<Deployed>,
  ): Promise<Release> {
    const host = this.#host;
    this.#knownApp(app);
    const number = host.store.builds.begin(app, this.#turns.holder(app) ? asked() : commitOf(), by);
    const open = this.#attempts.open(app, number, signal);
    const ended = host.sweep.deploys();
    const log = openAttemptLog(client, host.paths.buildLog(app, number), host.settings.maxLogBytes, (error) => host.reportDefect('build log', error));
    const job: Job = {
      ...host, app, by, log, signal: open.signal, passSwitch: () => open.passSwitch(), waits: (text) => { open.waitsFor = text; },
      undo: new Undo(), steps: new Steps(host.barrier), cleanUps: [], slotFree: () => this.#draining.get(app) ?? Promise.resolve(), attempt: number,
    };
    let giveBack = async (): Promise<void> => {};
    try {
      const turnBack = await job.steps.run('turn', () => this.#turnOf(job, what));
      giveBack = async () => {
        await this.#owed.write(app, 'the end of a deploy', () => (job.undo.isIncomplete ? settleApp(host, app) : host.store.unsettled.end(app)));
        turnBack();
      };
      await this.#owed.settle(app);
      await this.#finishSwitch(app);
      host.store.builds.begun(app, number, commitOf());
      const deployed = await work(job);
      this.#keepDraining(app, deployed.drained);
      await this.#owed.write(app, 'the end of a deploy', () => host.store.builds.end(app, number, 'released', { release: deployed.release.version, times: job.steps.times }));
      return deployed.release;
    } catch (thrown) {
      const error = await concludeFailure(job, thrown, (write) => this.#owed.write(app, 'the end of a deploy', write));
      await this.#owed.write(app, 'a switch', () => this.#finishSwitch(app));
      throw error;
    } finally {
      for (const cleanUp of job.cleanUps) await cleanUp().catch((error: unknown) => host.reportDefect('clean-up', error));
      await log.close();
      await oldBuildLogs(host, app).then(remove).catch((error: unknown) => host.reportDefect('old build logs', error));
      await giveBack();
      ended();
      open.end();
    }
  }

  /** A switch that could not be written down. */
  async #finishSwitch(app: AppName): Promise<void> {
    for (const pending of this.#host.store.releases.switching()) if (pending.app === app) await finishSwitch(this.#host, pending);
  }

  /** The app's turn for a deploy, which may find the app gone. */
  async #turnOf(job: Job, what: string): Promise<() => void> {
    const giveBack = await this.#turn(job.app, what, job.log, job.signal, job.waits);
    if (this.#host.store.apps.get(job.app)) return giveBack;
    giveBack();
    throw new Hop3Error('HOP3_NO_APP', { what: `The app ${job.app} was destroyed while this waited for its turn.` });
  }

  /** Waits for the app's turn, and tells who has it at every change. */
  async #turn(app: AppName, what: string, log: PushLog, signal: AbortSignal, waits: (text: string | null) => void = () => {}): Promise<() => void> {
    const giveBack = await this.#turns.take(app, what, signal, (ahead, before) => {
      const text = `${app} is busy with the ${ahead.what}, since ${clock(ahead.since)}${before > 0 ? ` (${before} more before this one)` : ''}`;
      waits(text);
      log.waiting(text);
    });
    waits(null);
    return giveBack;
  }

  #keepDraining(app: AppName, drained: Promise<void>): void {
    const kept = drained.finally(() => {
      if (this.#draining.get(app) === kept) this.#draining.delete(app);
    });
    this.#draining.set(app, kept);
  }

  async #builtOf(job: Job, release: ReleaseRow): Promise<Built> {
    const { store, log } = job;
    const stored = store.builds.output(job.app, release.build);
    if (!stored || !(await isValidPath(stored.storePath))) {
      throw new Hop3Error('HOP3_RELEASE_PRUNED', {
        what: `The build of v${release.version} is no longer kept.`,
        next: `Push its commit again, which builds it anew: git push -f hop3 ${release.commit}:${this.#branchOf(job.app)}`,
      });
    }
    log.line(`${stored.storePath} is already built: nothing to build`);
    // The attempt's row needs the output too: a release points at its build.
    store.builds.built(job.app, job.attempt, stored);
    return asBuilt(stored, job.attempt, release.commit);
  }

  #rollbackTarget(app: AppName, to: number | null, live: ReleaseRow): ReleaseRow {
    const { releases } = this.#host.store;
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

  #branchMove(app: AppName, target: ReleaseRow, live: ReleaseRow): Lineage['branch'] {
    if (target.commit === live.commit) return null;
    return { ref: `refs/heads/${this.#branchOf(app)}`, commit: target.commit, old: live.commit };
  }

  #branchOf(app: AppName): string {
    return this.#host.store.apps.get(app)?.branch ?? 'main';
  }

  #liveRelease(app: AppName): ReleaseRow {
    const live = this.#host.store.releases.live(app);
    if (!live) throw new Hop3Error('HOP3_NO_RELEASE', { what: `${app} has no live release yet.`, next: `Push it first: git push hop3 ${this.#branchOf(app)}` });
    return live;
  }

  #knownApp(app: AppName): void {
    if (!this.#host.store.apps.get(app)) throw new Hop3Error('HOP3_NO_APP', { what: `There is no app named ${app}.`, next: 'hop3 apps lists what there is.' });
  }
}

function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}
