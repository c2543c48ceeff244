import { setTimeout as delay } from 'node:timers/promises';
import { checkPackage } from '../nix/check-package.ts';
import { resolvePackageSet } from '../nix/package-set.ts';
import { StoreSizes } from '../nix/store-sizes.ts';
import type { PackageSet } from '../nix/model.ts';
import { silentLog, type PushLog } from '../log.ts';
import { Paths } from '../paths.ts';
import { Cron } from '../pipeline/cron.ts';
import { HostDeployer } from '../pipeline/deployer.ts';
import { AddonHost } from '../pipeline/addon-host.ts';
import { DiskWatch } from '../pipeline/disk-watch.ts';
import { HealthWatch } from '../pipeline/health-watch.ts';
import type { Host } from '../pipeline/job.ts';
import { planFiles } from '../pipeline/plan-files.ts';
import { PortWatch } from '../pipeline/port-watch.ts';
import { repair } from '../pipeline/repair.ts';
import { StoreSweep } from '../pipeline/sweep.ts';
import { testBarrier } from '../pipeline/test-barrier.ts';
import { Gate } from '../pipeline/turns.ts';
import { verifyRelease } from '../pipeline/verify.ts';
import type { Settings } from '../settings.ts';
import { Store } from '../store/store.ts';
import { AuditLog } from './audit.ts';
import { Authenticator, createAdminToken } from './auth.ts';
import type { ServerContext } from './context.ts';

/** Evaluations of a package at a time: each may take the memory that nixpkgs takes. */
const PACKAGE_CHECKS = 2;
/** Milliseconds that a stopping server gives the files of old builds; what is left is found by `hop3 gc --store`. */
const SWEEP_LIMIT = 3000;

/**
 * Everything the server needs, made from its settings; leftovers of a server that died are repaired first.
 * @throws Hop3Error HOP3_DATABASE, HOP3_SECRET_KEY, HOP3_NGINX_REFUSED, HOP3_COMMAND_FAILED
 */
export async function createContext(settings: Settings): Promise<ServerContext & { close: () => Promise<void> }> {
  const paths = new Paths(settings.root);
  process.env['HOP3_TOOL_HOME'] = paths.toolHome;
  const store = Store.open(paths.database, settings.secretKeyFile, { copies: paths.databaseCopies, tell: (line) => { process.stderr.write(`hop3: ${line}\n`); } });
  await createAdminToken(settings.adminTokenFile);
  const packageSet = once((log: PushLog) => resolvePackageSet(settings, log));
  const ports = new PortWatch({ settings, paths, store, reportDefect });
  const barrier = testBarrier(process.env);
  const host: Host = {
    settings, paths, store, packageSet,
    addons: new AddonHost({ settings, paths, store, barrier }),
    sizes: new StoreSizes(),
    sweep: new StoreSweep({ store, reportDefect }),
    sweepPorts: () => ports.sweep(),
    builds: new Gate(settings.parallelBuilds),
    barrier,
    reportDefect,
  };
  await repair(host);
  const audit = new AuditLog(store.audit, settings.auditDays, reportDefect);
  audit.prune();
  const checks = new Gate(PACKAGE_CHECKS);
  // While no server ran, an app may have taken the server's own port.
  await ports.sweep();
  const health = new HealthWatch({ ...host, isForeign: (port) => ports.isForeign(port) });
  const deployer = new HostDeployer(host);
  finishDestructions(store, deployer);
  return {
    settings, paths, store, reportDefect,
    addons: host.addons,
    health,
    ports,
    disk: new DiskWatch({ settings, paths, store, reportDefect }),
    cron: new Cron(host),
    deployer,
    audit,
    auth: new Authenticator(store.tokens, settings.adminTokenFile),
    planFiles: async (files) => planFiles(files, await packageSet(silentLog), settings.allowUnsandboxedBuilds),
    checkPackage: async (name, signal) => {
      const leave = await checks.enter(signal, () => {});
      try {
        return await checkPackage(name, await packageSet(silentLog), settings, signal);
      } finally {
        leave();
      }
    },
    verifyRelease: (release, by, log, signal) => verifyRelease(host, release, by, log, signal),
    packageSetTitle: async () => (await packageSet(silentLog)).title,
    close: async () => {
      await Promise.race([host.sweep.now(), delay(SWEEP_LIMIT, undefined, { ref: false })]);
      store.close();
    },
  };
}

/** Destructions that a server's death cut off. Not waited for: a database server may take long to start. */
function finishDestructions(store: Store, deployer: HostDeployer): void {
  for (const { name, destroyingAt } of store.apps.list()) {
    if (destroyingAt !== null) void deployer.destroyApp(name, 'hop3').catch((error: unknown) => reportDefect(`destruction of ${name}`, error));
  }
}

/** The server's own log is its stderr, which s6-log keeps. */
function reportDefect(where: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? `\ncaused by: ${error.cause.stack}` : '';
  process.stderr.write(`hop3: ${where}: ${detail}${cause}\n`);
}

/** Asks once and keeps the answer; a failure is not kept, so the next push tries again. */
function once(ask: (log: PushLog) => Promise<PackageSet>): (log: PushLog) => Promise<PackageSet> {
  let answer: Promise<PackageSet> | undefined;
  return (log) => {
    answer ??= ask(log).catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}
