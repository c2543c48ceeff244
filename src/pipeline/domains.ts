import type { AppConfig } from '../config/model.ts';
import { refuseDomain } from '../config/domains.ts';
import { Hop3Error } from '../errors.ts';
import { parseAppName, type AppName } from '../names.ts';
import { liveSlot } from '../runtime/slots.ts';
import type { DomainRow } from '../store/domains.ts';
import type { Host, Job } from './job.ts';
import { applySiteOr } from './sites.ts';

type Wanted = readonly Pick<DomainRow, 'host' | 'source'>[];

/**
 * Gives a release the names that its hop3.toml asks for. Names that the operator gave stay as they are (`keep-existing`), unless
 * the file says `_policy = "override"`. When the deploy fails, the names are as before.
 * @throws Hop3Error HOP3_DOMAIN, HOP3_NGINX_REFUSED
 */
export async function settleDomains(job: Job, config: AppConfig): Promise<void> {
  const { app, store, log, undo, paths } = job;
  const before = store.domains.ofApp(app);
  const byOperator = before.filter((row) => row.source === 'operator');
  if (byOperator.length > 0 && config.domainsPolicy === 'keep-existing') {
    if (config.domains.length > 0) log.line(`[domains] is not used: the operator gave ${app} names of its own (${byOperator.map((row) => row.host).join(', ')})`);
    return;
  }
  // No list in the file takes away only what a file gave.
  const wanted: Wanted = config.domains.length === 0 ? byOperator : config.domains.map((host) => ({ host, source: 'hop3.toml' as const }));
  if (same(before, wanted)) return;
  store.unsettled.begin(app, liveSlot(paths, app));
  undo.add('the domains as before', () => changeDomains(job, app, before));
  await changeDomains(job, app, wanted);
  if (wanted.length > 0) log.line(`answers to ${wanted.map((row) => row.host).join(', ')} too`);
}

/**
 * Makes these the names of an app; nginx has them when this returns. When nginx refuses, they are as before.
 * @throws Hop3Error HOP3_DOMAIN for a name that is none, another app's or nobody's to take; HOP3_NGINX_REFUSED
 */
export async function changeDomains(host: Pick<Host, 'store' | 'settings' | 'paths'>, app: AppName, wanted: Wanted): Promise<void> {
  const { store } = host;
  for (const { host: name } of wanted) checkDomain(host, app, name);
  const before = store.domains.ofApp(app);
  store.domains.set(app, wanted);
  await applySiteOr(() => store.domains.set(app, before), host, app);
}

function checkDomain({ store, settings }: Pick<Host, 'store' | 'settings'>, app: AppName, name: string): void {
  const refusal = refuseDomain(name);
  if (refusal !== null) throw refused(`${refusal}.`);
  const owner = store.domains.owner(name);
  if (owner !== null && owner !== app) throw refused(`${name === '_' ? 'Every name that nobody has ("_")' : name} belongs to ${owner}.`, `Take it away there first: hop3 domains remove ${name} --app ${owner}`);
  if (name !== name.toLowerCase()) throw refused(`${name} must be in lower case.`);
  if (name === settings.domain) throw refused(`${name} is this server's own domain (HOP3_DOMAIN).`);
  const label = name.endsWith(`.${settings.domain}`) ? name.slice(0, -settings.domain.length - 1) : null;
  // An app of that name, made today or next year, would answer there.
  if (label !== null && label !== app && isAppName(label)) throw refused(`${name} is where an app named ${label} answers.`);
  if (label === app) throw refused(`${name} is ${app}'s own name already.`);
}

function isAppName(text: string): boolean {
  try {
    parseAppName(text);
    return true;
  } catch {
    return false;
  }
}

function same(a: Wanted, b: Wanted): boolean {
  return a.length === b.length && a.every((row, index) => row.host === b[index]!.host && row.source === b[index]!.source);
}

function refused(what: string, next?: string): Hop3Error {
  return new Hop3Error('HOP3_DOMAIN', { what, ...(next === undefined ? {} : { next }) });
}
