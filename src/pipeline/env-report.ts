import type { AppName } from '../names.ts';
import { APP_HOME } from '../runtime/sandbox.ts';
import { sourceOrder, type Source, type Variable } from './environment.ts';
import type { Host } from './job.ts';
import { asBuilt } from './known.ts';
import { addonVariables, composeRelease, searchPath } from './provision.ts';

/** The whole environment of an app's processes, with where each variable comes from. */
export interface EnvReport {
  /** The live release; null when there is none, and only the operator's variables are known. */
  readonly version: number | null;
  /** The sources from the weakest to the strongest. */
  readonly order: readonly Source[];
  /** By name, sorted. PORT is not among them: every web process has its own. */
  readonly variables: Readonly<Record<string, Variable>>;
}

/**
 * What the live release runs with, put together from what its release and build keep. Nothing is made or changed.
 * @throws Hop3Error HOP3_ENV_REFERENCE when the addons changed so that it could not start again
 */
export function reportEnv(host: Pick<Host, 'settings' | 'store' | 'addons'>, app: AppName): EnvReport {
  const { store } = host;
  const live = store.releases.live(app);
  const stored = live && store.builds.output(app, live.build);
  if (!live || !stored) {
    const set = Object.entries(store.env.get(app)).map(([name, value]) => [name, { value, source: 'operator', hides: [], secret: true }] as const);
    return { version: null, order: sourceOrder('keep-existing'), variables: Object.fromEntries(set) };
  }
  const built = asBuilt(stored, live.build, live.commit);
  const { env, variables } = composeRelease(host, app, built, live, addonVariables(host, app));
  const all: Record<string, Variable> = {
    ...variables,
    HOME: { value: APP_HOME, source: 'built-in', hides: [], secret: false },
    PATH: { ...(variables['PATH'] ?? { source: 'built-in', hides: [], secret: false }), value: searchPath(built, env) },
  };
  return { version: live.version, order: sourceOrder(built.config.envPolicy), variables: Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))) };
}
