import type { PushLog } from '../log.ts';
import { shortOid, type AppName, type Oid } from '../names.ts';
import { liveSlot } from '../runtime/slots.ts';
import type { ReleaseRow } from '../store/releases.ts';
import { changeAddons, describeChange } from './addons.ts';
import { createApp, destroyApp } from './app-life.ts';
import { AppTurns } from './app-turns.ts';
import { openAttemptLog } from './attempt-log.ts';
import { Attempts } from './attempts.ts';
import { changeBranch } from './branch.ts';
import { cancelAttempt } from './cancel-attempt.ts';
import { concludeFailure } from './failure.ts';
import { collectApp, collectHost, findGarbage, type Garbage, type GarbageReport } from './gc.ts';
import { oldBuildLogs, remove } from './gc-files.ts';
import type { Host, Job } from './job.ts';
import { builtOf } from './known.ts';
import type { Lineage } from './lineage.ts';
import type { AddonChange, Built, Deployer, Push, Release } from './model.ts';
import { deployPush, deployReceived, makeLive, type Deployed } from './pipeline.ts';
import { newCounts, processTypes } from './process-types.ts';
import { OwedWrites } from './owed-writes.ts';
import { branchMove, knownApp, liveRelease, rollbackTarget } from './release-choice.ts';
import { finishSwitch, settleApp } from './repair.ts';
import { Steps } from './steps.ts';
import { Undo } from './undo.ts';

/** Everything that changes what runs, one deploy an app at a time. */
export class HostDeployer implements Deployer {
  readonly #host: Host;
  readonly #turns: AppTurns;
  readonly #attempts = new Attempts();
  /** Old releases that still finish their requests; an app's next deploy may build meanwhile, and waits before it needs the slot. */
  readonly #draining = new Map<AppName, Promise<void>>();

  /** What could not be written down at a deploy's end. */
  readonly #owed: OwedWrites;

  constructor(host: Host) {
    this.#host = host;
    this.#turns = new AppTurns(host.store);
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
      const target = rollbackTarget(this.#host.store, app, to, live);
      return {
        from: target,
        lineage: {
          reason: 'rollback', version: this.#host.store.releases.nextVersion(app), description: `Rollback to v${target.version}`,
          env: target.env, generated: target.generated, branch: branchMove(this.#host.store, app, target, live),
        },
      };
    });
  }

  async setEnv(app: AppName, changes: Readonly<Record<string, string | null>>, by: string, log: PushLog, signal: AbortSignal): Promise<Release | null> {
    const { store } = this.#host;
    knownApp(this.#host.store, app);
    const what = `change of variables by ${by}`;
    if (!store.releases.live(app)) {
      // The first deploy may be under way with the variables as they were, which it writes down when it is live.
      const giveBack = await this.#turns.take(app, what, log, signal);
      try {
        knownApp(this.#host.store, app);
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
    knownApp(this.#host.store, app);
    const what = `change of addons by ${by}`;
    const apply = (undo: Undo) => changeAddons({ ...this.#host, app, by, log, signal, undo }, change);
    if (!store.releases.live(app)) {
      const giveBack = await this.#turns.take(app, what, log, signal);
      try {
        knownApp(this.#host.store, app);
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
    const live = liveRelease(this.#host.store, app);
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
    return this.#turns.run(app, `creation by ${by}`, 60, () => createApp(this.#host, app, by));
  }

  async setBranch(app: AppName, branch: string, by: string): Promise<void> {
    knownApp(this.#host.store, app);
    await this.#turns.run(app, `change of branch by ${by}`, 60, () => {
      knownApp(this.#host.store, app);
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
      await this.#turns.run(name, 'garbage collection', 60, async () => {
        // It may have been destroyed while another app was looked at.
        if (host.store.apps.get(name)) found.push(...(await collectApp(host, name)));
      });
    }
    found.push(...(await collectHost(host, store)));
    return { found, busy };
  }

  async destroyApp(app: AppName, by: string): Promise<void> {
    knownApp(this.#host.store, app);
    let removeRepo = async (): Promise<void> => {};
    await this.#turns.run(app, `destruction by ${by}`, 600, async () => {
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

  /** A deploy that starts from a release instead of a push: no checkout, no nix. */
  async #again(
    app: AppName, what: string, by: string, log: PushLog, signal: AbortSignal,
    choose: (live: ReleaseRow) => { from: ReleaseRow; lineage: Lineage }, before?: (job: Job, built: Built) => Promise<void>,
  ): Promise<Release> {
    knownApp(this.#host.store, app);
    liveRelease(this.#host.store, app);
    // Chosen when the turn is ours: the deploy before may change what is live. The attempt is one with the chosen release's commit.
    const chosen = () => choose(liveRelease(this.#host.store, app));
    const liveNow = () => liveRelease(this.#host.store, app).commit;
    return this.#deploy(app, by, what, liveNow, () => chosen().from.commit, log, signal, async (job) => {
      const { from, lineage } = chosen();
      if (lineage.reason === 'rollback') job.log.phase(`${lineage.description} (${shortOid(from.commit)})`);
      const built = await builtOf(job, from);
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
    knownApp(this.#host.store, app);
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
      const turnBack = await job.steps.run('turn', () => this.#turns.forDeploy(job, what));
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

  #keepDraining(app: AppName, drained: Promise<void>): void {
    const kept = drained.finally(() => {
      if (this.#draining.get(app) === kept) this.#draining.delete(app);
    });
    this.#draining.set(app, kept);
  }

}
