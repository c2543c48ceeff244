import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Transform, type Readable } from 'node:stream';
import { Hop3Error } from '../../errors.ts';
import type { AddonInfo, DeployEvent } from '../../server/api-types.ts';
import type { CommandContext, Handler } from '../command-context.ts';
import { confirmName } from '../confirm.ts';
import { followDeploy, followEvents } from '../deploy-stream.ts';
import { fields, table } from '../output.ts';
import { when } from '../time.ts';

/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 2000;

export const listAddons: Handler = async (context) => {
  const client = await context.client();
  const { addons } = await client.get<{ addons: AddonInfo[] }>('/addons');
  const { app } = context.flags;
  const shown = app === undefined ? addons : addons.filter((addon) => addon.apps.includes(app));
  context.out.answer({ addons: shown }, () => table(['addon', 'type', 'apps', 'server', 'made'], shown.map((addon) => [
    addon.name, addon.type, addon.apps.join(', ') || '-', addon.server === 'own' ? 'run by Hop3' : "the operator's", when(addon.created_at),
  ])));
  if (shown.length === 0) context.out.note('There are none. [[addons]] in hop3.toml makes one at the next push, or: hop3 addon create postgres --app <app>');
};

export const listTypes: Handler = async (context) => {
  const client = await context.client();
  const { types } = await client.get<{ types: { type: string; title: string; variables: string[] }[] }>('/addons/types');
  context.out.answer({ types }, () => table(['type', '', 'variables'], types.map((one) => [one.type, one.title, one.variables.join(' ')])));
};

export const createAddon: Handler = async (context, [type], options) => {
  const { app, client } = await context.appAndClient();
  const name = typeof options['name'] === 'string' ? options['name'] : null;
  const extensions = typeof options['extension'] === 'string' ? options['extension'].split(',').map((one) => one.trim()).filter(Boolean) : [];
  const release = await followDeploy(context, client, 'POST', `/apps/${app}/addons`, { type, name, extensions });
  context.out.answer({ release }, () => '');
  context.out.note(`${app}-${name ?? type} is there${release ? `; ${app} runs with it as v${release.version}.` : `; ${app} will start with it at its first release.`}`);
};

export const showAddon: Handler = async (context, [addon]) => {
  const { app, client } = await context.appAndClient();
  const found = await client.get<AddonInfo & { about: string }>(`/apps/${app}/addons/${encodeURIComponent(addon!)}`);
  context.out.answer(found, () => fields([
    ['addon', found.name], ['type', found.type], ['about', found.about], ['apps', found.apps.join(', ')],
    ['server', found.server === 'own' ? 'run by Hop3' : "the operator's"], ['made', when(found.created_at)],
  ]));
};

export const attachAddon: Handler = (context, [addon]) => change(context, addon!, 'attach', (app) => `${addon} is attached to ${app}`);
export const detachAddon: Handler = (context, [addon]) => change(context, addon!, 'detach', (app) => `${addon} is detached from ${app}; its data stay`);

async function change(context: CommandContext, addon: string, what: string, done: (app: string) => string): Promise<void> {
  const { app, client } = await context.appAndClient();
  const release = await followDeploy(context, client, 'POST', `/apps/${app}/addons/${encodeURIComponent(addon)}/${what}`, {});
  context.out.answer({ release }, () => '');
  context.out.note(`${done(app)}${release ? `; ${app} restarted as v${release.version}.` : '.'}`);
}

export const destroyAddon: Handler = async (context, [addon]) => {
  const client = await context.client();
  const confirm = await confirmName(context, addon!, { question: `This removes ${addon} with all of its data.`, command: `hop3 addon destroy ${addon}`, named: true });
  const answer = await client.send<{ destroyed: string }>('DELETE', `/addons/${encodeURIComponent(addon!)}`, { confirm });
  context.out.answer(answer, () => '');
  context.out.note(`${addon} is gone.`);
};

export const queryAddon: Handler = async (context, [addon, text]) => {
  const { app, client } = await context.appAndClient();
  const answer = await client.send<{ answer: string }>('POST', `/apps/${app}/addons/${encodeURIComponent(addon!)}/query`, { text });
  context.out.answer(answer, () => answer.answer);
};

export const dumpAddon: Handler = async (context, [addon], options) => {
  const { app, client } = await context.appAndClient();
  const file = typeof options['file'] === 'string' ? options['file'] : null;
  const from = client.bytes(`/apps/${app}/addons/${encodeURIComponent(addon!)}/dump`);
  const counted = progress(context, `dump of ${addon}`);
  if (file === null) {
    await pipeline(from, counted.stream, process.stdout, { end: false });
  } else {
    // Under its name only when it is whole.
    const part = `${file}.part`;
    try {
      await pipeline(from, counted.stream, createWriteStream(part, { mode: 0o600 }));
      await rename(part, file);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }
  counted.end();
  context.out.note(`${counted.bytes()} bytes${file === null ? '' : ` in ${file}`}`);
};

export const restoreAddon: Handler = async (context, [addon], options) => {
  const { app, client } = await context.appAndClient();
  const file = typeof options['file'] === 'string' ? options['file'] : null;
  if (file !== null) await stat(file).catch(() => { throw new Hop3Error('HOP3_USAGE', { what: `${file} cannot be read.`, next: 'Nothing was changed.' }); });
  await confirmName(context, addon!, { question: `This replaces what is in ${addon}.`, command: `hop3 addon restore ${addon} --app ${app}${file === null ? '' : ` --file ${file}`}`, named: true });
  const source: Readable = file === null ? process.stdin : createReadStream(file);
  const counted = progress(context, `restore of ${addon}`);
  source.once('error', (error) => counted.stream.destroy(error)).pipe(counted.stream);
  await followEvents(context, client, client.upload<DeployEvent>(`/apps/${app}/addons/${encodeURIComponent(addon!)}/dump`, counted.stream), 'Look at what is there before you try again; PostgreSQL and Redis take all of a dump or nothing.');
  counted.end();
  context.out.note(`${addon} is restored.`);
};

export const addonCredentials: Handler = async (context, [addon], options) => {
  if (options['rotate']) return change(context, addon!, 'credentials', () => `${addon} has a new password`);
  const { app, client } = await context.appAndClient();
  const found = await client.get<{ name: string; variables: Record<string, string> }>(`/apps/${app}/addons/${encodeURIComponent(addon!)}/credentials`);
  context.out.answer(found, () => Object.entries(found.variables).map(([name, value]) => `${name}=${value}`).join('\n'));
};

/** Counts what passes and tells now and then how far it is. */
function progress(context: CommandContext, what: string): { stream: Transform; bytes: () => number; end: () => void } {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length;
      next(null, chunk);
    },
  });
  const timer = setInterval(() => context.out.note(`${what}: ${(bytes / 1e6).toFixed(1)} MB`), PROGRESS_MS);
  timer.unref();
  return { stream, bytes: () => bytes, end: () => clearInterval(timer) };
}
