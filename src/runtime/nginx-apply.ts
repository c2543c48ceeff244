import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import type { Site } from './model.ts';
import { prepareConfig, putInForce, sitesInForce, type Candidate, type NginxSettings } from './nginx-staged.ts';

export { reloadCount } from './nginx-log.ts';

export interface Applied {
  /** False when nothing had changed, or when nginx does not run and will read the files at its start. */
  readonly reloaded: boolean;
}

/** One who waits for nginx to be told. */
interface Call {
  /** Whose site it changes; null for one that is about all of them. */
  readonly app: AppName | null;
  /** Every site, as it is when the turn has come. */
  readonly sites: () => readonly Site[];
  readonly done: (applied: Applied) => void;
  readonly failed: (error: unknown) => void;
}

/** By HOP3_ROOT: who waits there for the work that is under way. */
const waiting = new Map<string, Call[]>();

/**
 * Makes these sites, and no others, the ones that nginx serves. The whole configuration is written beside the one in force and
 * tested as a whole; only then it takes the other's place by rename(2), and nginx is told if the bytes differ. When this
 * returns, every new connection meets the new configuration. Calls wait for each other, and all that wait are answered by one
 * test and one reload; the sites of the last one hold.
 * @throws Hop3Error HOP3_NGINX_REFUSED, with nginx's own line; the configuration that was in force still is
 */
export function applySites(paths: Paths, settings: NginxSettings, sites: readonly Site[]): Promise<Applied> {
  return inTurn(paths, settings, null, () => sites);
}

/**
 * The same for one who has changed the site of one app: made, altered or taken away. When nginx refuses the sites as they are
 * all together, the change of this app is tried alone, upon the sites in force: nobody is held up by another's.
 * @param sites gives every site as it is to be; called when the turn has come
 */
export function applySiteOf(paths: Paths, settings: NginxSettings, app: AppName, sites: () => readonly Site[]): Promise<Applied> {
  return inTurn(paths, settings, app, sites);
}

/** The sites of the configuration in force; none when there is no configuration yet: the server writes all of them again when it starts. */
export async function knownSites(paths: Paths): Promise<Site[]> {
  return (await sitesInForce(paths)) ?? [];
}

function inTurn(paths: Paths, settings: NginxSettings, app: AppName | null, sites: Call['sites']): Promise<Applied> {
  return new Promise((done, failed) => {
    const call: Call = { app, sites, done, failed };
    const others = waiting.get(paths.root);
    if (others) others.push(call);
    else void answerAll(paths, settings, [call]);
  });
}

async function answerAll(paths: Paths, settings: NginxSettings, first: readonly Call[]): Promise<void> {
  for (let calls = first; calls.length > 0; calls = waiting.get(paths.root)!) {
    waiting.set(paths.root, []);
    await answer(paths, settings, calls).catch((error: unknown) => { for (const call of calls) call.failed(error); });
  }
  waiting.delete(paths.root);
}

/** Answers all of them at once, or, when nginx refuses what they want together, one after the other. */
async function answer(paths: Paths, settings: NginxSettings, calls: readonly Call[]): Promise<void> {
  let candidate: Candidate;
  try {
    candidate = await prepareConfig(paths, settings, calls.at(-1)!.sites);
  } catch (error) {
    if (!(error instanceof Hop3Error) || error.code !== 'HOP3_NGINX_REFUSED') throw error;
    for (const call of calls) await answerAlone(paths, settings, call, error).catch(call.failed);
    return;
  }
  const reloaded = await putInForce(paths, settings, candidate);
  for (const call of calls) call.done({ reloaded });
}

async function answerAlone(paths: Paths, settings: NginxSettings, call: Call, refusal: Hop3Error): Promise<void> {
  const { app } = call;
  const inForce = await sitesInForce(paths);
  // Upon sites that are not known the change of one would take all the others away.
  if (app === null || inForce === null) throw refusal;
  const own = call.sites().filter((site) => site.app === app);
  const candidate = await prepareConfig(paths, settings, () => [...inForce.filter((site) => site.app !== app), ...own]);
  call.done({ reloaded: await putInForce(paths, settings, candidate) });
}
