import type { AppName } from '../names.ts';
import { attachedVariables, provisionAddons, type ProvisionedAddons } from './addons.ts';
import { composeEnv, type ComposedEnv, type Env } from './environment.ts';
import { claimPorts, portVariables } from './fixed-ports.ts';
import type { Host, Job } from './job.ts';
import { settleDomains } from './domains.ts';
import { siteUrl, type Lineage } from './lineage.ts';
import type { Built } from './model.ts';

export interface Provisioned {
  readonly lineage: Lineage;
  readonly env: Env;
  /** The operator's variables the release keeps. */
  readonly operator: Env;
  /** Which of them Hop3 made. */
  readonly generated: readonly string[];
  /** The passwords of addons that it runs with. */
  readonly addonPasswords: ProvisionedAddons['passwords'];
}

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * Gives the release its addons and settles its environment.
 * @throws Hop3Error HOP3_FIXED_PORT, HOP3_ENV_REFERENCE, HOP3_ADDON_...
 */
export async function provision(job: Job, built: Built, lineage: Lineage): Promise<Provisioned> {
  const { log } = job;
  await claimPorts(job, built.config);
  await settleDomains(job, built.config);
  const addons = await provisionAddons(job, built.config.addons);
  const composed = composeRelease(job, job.app, built, lineage, addons.variables);
  for (const name of composed.display) log.tellOnce(`${name}: ${composed.operator[name]} (made now, shown only here)`);
  log.hide(Object.values(composed.operator));
  const { operator, generated } = composed;
  return { lineage, env: { ...composed.env, PATH: searchPath(built, composed.env) }, operator, generated, addonPasswords: addons.passwords };
}

type ReleaseParts = Pick<Lineage, 'version' | 'env' | 'generated'>;

/** The environment of a release; the same for one that is to start and for one that is only looked at. */
export function composeRelease({ settings, store }: Pick<Host, 'settings' | 'store'>, app: AppName, built: Pick<Built, 'config' | 'runtime'>, release: ReleaseParts, addons: Env): ComposedEnv {
  const domain = store.domains.ofApp(app).find((row) => row.host !== '_')?.host;
  return composeEnv({
    addons,
    config: built.config,
    runtime: built.runtime,
    operator: release.env,
    generated: release.generated,
    builtIn: {
      HOP3_APP: app,
      HOP3_RELEASE: `v${release.version}`,
      HOP3_PUBLIC_URL: siteUrl(domain ?? `${app}.${settings.domain}`, settings.httpListen.port),
      BIND_ADDRESS: '127.0.0.1',
      ...portVariables(built.config.ports),
    },
  });
}

/** The programs of the build come first, whatever PATH says. */
export function searchPath(built: Pick<Built, 'runtime'>, env: Env): string {
  return [...built.runtime.path, env['PATH'] ?? DEFAULT_PATH].join(':');
}

/** The variables of all addons that an app has, as they are now; no server is asked. */
export function addonVariables(host: Pick<Host, 'store' | 'addons'>, app: AppName): Env {
  return Object.assign({}, ...host.store.addons.attachmentsOf(app).map((attachment) => attachedVariables(host, host.addons.get(attachment.addon)!, attachment))) as Env;
}
