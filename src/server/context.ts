import type { Paths } from '../paths.ts';
import type { AddonHost } from '../pipeline/addon-host.ts';
import type { Cron } from '../pipeline/cron.ts';
import type { HealthWatch } from '../pipeline/health-watch.ts';
import type { Deployer } from '../pipeline/model.ts';
import type { PlannedFiles, TreeFiles } from '../pipeline/plan.ts';
import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import type { Authenticator } from './auth.ts';

/** What every route may use. Made once at start (src/server/create-context.ts); specs make their own with the same parts. */
export interface ServerContext {
  readonly settings: Settings;
  readonly paths: Paths;
  readonly store: Store;
  readonly deployer: Deployer;
  readonly auth: Authenticator;
  readonly addons: AddonHost;
  readonly health: HealthWatch;
  /** Not started by itself: the program does that once it listens. */
  readonly cron: Cron;
  /** What a push of these files would build; has no effect. */
  readonly planFiles: (files: TreeFiles) => Promise<PlannedFiles>;
  /** One line about the package set, for example "host"; resolved lazily and kept. */
  readonly packageSetTitle: () => Promise<string>;
  /** For what no client may see: defects with their stacks. */
  readonly reportDefect: (where: string, error: unknown) => void;
}
