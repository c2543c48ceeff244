import type { PushLog } from '../log.ts';
import type { AttemptLog } from './attempt-log.ts';
import type { AppName } from '../names.ts';
import type { StoreSizes } from '../nix/store-sizes.ts';
import type { PackageSet } from '../nix/model.ts';
import type { Paths } from '../paths.ts';
import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';
import type { AddonHost } from './addon-host.ts';
import type { Barrier } from './points.ts';
import type { Steps } from './steps.ts';
import type { StoreSweep } from './sweep.ts';
import type { Gate } from './turns.ts';
import type { Undo } from './undo.ts';

/** What all deploys of a server share. */
export interface Host {
  readonly settings: Settings;
  readonly paths: Paths;
  readonly store: Store;
  readonly addons: AddonHost;
  readonly packageSet: (log: PushLog) => Promise<PackageSet>;
  readonly sizes: StoreSizes;
  /** Deletes the store paths of old builds. */
  readonly sweep: StoreSweep;
  /** Stops whatever of an app listens on another's port, so that a release about to start finds its own free. */
  readonly sweepPorts: () => Promise<void>;
  /** Places for builds that run side by side. */
  readonly builds: Gate;
  /** Holds a deploy at a named point, for specs alone; null in service. */
  readonly barrier: Barrier | null;
  /** For what no client may see: defects, and effects that could not be undone. */
  readonly reportDefect: (where: string, error: unknown) => void;
}

/** One deploy: what every stage is given besides the values of the stages before it. */
export interface Job extends Host {
  readonly app: AppName;
  readonly by: string;
  readonly log: AttemptLog;
  /** Aborts when the client goes or the deploy is cancelled; nothing listens to it after the switch. */
  readonly signal: AbortSignal;
  /**
   * Called directly before the switch: from here on a cancel changes nothing.
   * @throws Hop3Error HOP3_CANCELLED
   */
  readonly passSwitch: () => void;
  /** Notes what the deploy waits for, for those who look from outside; null when it goes on. */
  readonly waits: (text: string | null) => void;
  readonly undo: Undo;
  /** Runs the stages by name and keeps what each took. */
  readonly steps: Steps;
  /** Run when the deploy ends, well or not: temporary files. */
  readonly cleanUps: (() => Promise<void>)[];
  /** Resolves when the slot that the deploy before left has been emptied: its old release may still finish requests. */
  readonly slotFree: () => Promise<void>;
  /** Number of the attempt; its log is `paths.buildLog(app, attempt)`. */
  readonly attempt: number;
}
