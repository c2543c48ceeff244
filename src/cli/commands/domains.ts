import type { CommandContext, Handler } from '../command-context.ts';
import { table } from '../output.ts';

interface Domains {
  readonly domains: readonly { readonly domain: string; readonly source: string }[];
}

export const listDomains: Handler = async (context) => {
  const { app, client } = await context.appAndClient();
  show(context, app, await client.get<Domains>(`/apps/${app}/domains`));
};

export const addDomains: Handler = async (context, domains) => change(context, 'POST', domains);
export const setDomains: Handler = async (context, domains) => change(context, 'PUT', domains);
export const clearDomains: Handler = async (context) => change(context, 'PUT', []);

export const removeDomain: Handler = async (context, [domain]) => {
  const { app, client } = await context.appAndClient();
  show(context, app, await client.send<Domains>('DELETE', `/apps/${app}/domains/${encodeURIComponent(domain!)}`));
};

export const maintenanceOn: Handler = (context) => maintenance(context, true);
export const maintenanceOff: Handler = (context) => maintenance(context, false);

export const maintenanceStatus: Handler = async (context) => {
  const { app, client } = await context.appAndClient();
  const { on } = await client.get<{ on: boolean }>(`/apps/${app}/maintenance`);
  context.out.answer({ on }, () => (on ? 'on' : 'off'));
};

async function change(context: CommandContext, method: 'POST' | 'PUT', domains: readonly string[]): Promise<void> {
  const { app, client } = await context.appAndClient();
  show(context, app, await client.send<Domains>(method, `/apps/${app}/domains`, { domains }));
}

function show(context: CommandContext, app: string, answer: Domains): void {
  context.out.answer(answer, () => table(['domain', 'from'], answer.domains.map((one) => [one.domain, one.source])));
  if (answer.domains.length === 0) context.out.note(`${app} answers to its own name alone.`);
}

async function maintenance(context: CommandContext, on: boolean): Promise<void> {
  const { app, client } = await context.appAndClient();
  const answer = await client.send<{ on: boolean }>('PUT', `/apps/${app}/maintenance`, { on });
  context.out.answer(answer, () => '');
  context.out.note(on ? `${app} answers 503 to everybody until: hop3 maintenance off --app ${app}` : `${app} answers again.`);
}
