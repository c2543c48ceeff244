import type { Job } from './job.ts';
import { provisionAddons } from './addons.ts';
import { composeEnv, type Env } from './environment.ts';
import { settleDomains } from './domains.ts';
import { siteUrl, type Lineage } from './lineage.ts';
import type { Built } from './model.ts';

export interface Provisioned {
  readonly lineage: Lineage;
  readonly env: Env;
  /** The operator's variables the release keeps. */
  readonly operator: Env;
}

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * Gives the release its addons and settles its environment.
 * @throws Hop3Error HOP3_ENV_REFERENCE, HOP3_ADDON_...
 */
export async function provision(job: Job, built: Built, lineage: Lineage): Promise<Provisioned> {
  const { app, settings, store, log } = job;
  await settleDomains(job, built.config);
  const domain = store.domains.ofApp(app).find((row) => row.host !== '_')?.host;
  const addons = await provisionAddons(job, built.config.addons);
  const composed = composeEnv({
    addons,
    config: built.config,
    runtime: built.runtime,
    operator: lineage.env,
    builtIn: {
      HOP3_APP: app,
      HOP3_RELEASE: `v${lineage.version}`,
      HOP3_PUBLIC_URL: siteUrl(domain ?? `${app}.${settings.domain}`, settings.httpListen.port),
      BIND_ADDRESS: '127.0.0.1',
    },
  });
  for (const name of composed.display) log.tellOnce(`${name}: ${composed.operator[name]} (made now, shown only here)`);
  log.hide(Object.values(composed.operator));
  const path = [...built.runtime.path, composed.env['PATH'] ?? DEFAULT_PATH].join(':');
  return { lineage, env: { ...composed.env, PATH: path }, operator: composed.operator };
}
