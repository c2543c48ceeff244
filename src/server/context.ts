import type { PushLog } from '../log.ts';
import type { PackageCheck } from '../nix/check-package.ts';
import type { Paths } from '../paths.ts';
import type { AddonHost } from '../pipeline/addon-host.ts';
import type { Cron } from '../pipeline/cron.ts';
import type { DiskWatch } from '../pipeline/disk-watch.ts';
import type { HealthWatch } from '../pipeline/health-watch.ts';
import type { Deployer } from '../pipeline/model.ts';
import type { PortWatch } from '../pipeline/port-watch.ts';
import type { PlannedFiles, TreeFiles } from '../pipeline/plan-files.ts';
import type { Settings } from '../settings.ts';
import type { ReleaseRow } from '../store/releases.ts';
import type { Store } from '../store/store.ts';
import type { AuditLog } from './audit.ts';
import type { Authenticator } from './auth.ts';

/** What every route may use. Made once at start (src/server/create-context.ts); specs make their own with the same parts. */
export interface ServerContext {
  readonly settings: Settings;
  readonly paths: Paths;
  readonly store: Store;
  readonly deployer: Deployer;
  readonly auth: Authenticator;
  readonly audit: AuditLog;
  readonly addons: AddonHost;
  readonly health: HealthWatch;
  /** Likewise not started by itself. */
  readonly ports: PortWatch;
  readonly disk: DiskWatch;
  /** Not started by itself: the program does that once it listens. */
  readonly cron: Cron;
  /** What a push of these files would build; has no effect. */
  readonly planFiles: (files: TreeFiles) => Promise<PlannedFiles>;
  /**
   * What the package set says of a package.
   * @throws Hop3Error HOP3_NO_PACKAGE with near names
   */
  readonly checkPackage: (name: string, signal: AbortSignal) => Promise<PackageCheck>;
  /**
   * Builds a release again and compares; resolves when it is bit-identical.
   * @throws Hop3Error HOP3_NOT_IDENTICAL, HOP3_VERIFY_LOST
   */
  readonly verifyRelease: (release: ReleaseRow, by: string, log: PushLog, signal: AbortSignal) => Promise<void>;
  /** One line about the package set, for example "host"; resolved lazily and kept. */
  readonly packageSetTitle: () => Promise<string>;
  /** For what no client may see: defects with their stacks. */
  readonly reportDefect: (where: string, error: unknown) => void;
}
