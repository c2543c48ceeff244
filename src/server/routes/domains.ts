import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Hop3Error } from '../../errors.ts';
import { printable } from '../../names.ts';
import { didYouMean } from '../../nearest.ts';
import { changeDomains } from '../../pipeline/domains.ts';
import type { DomainRow } from '../../store/domains.ts';
import { existingApp } from '../api-access.ts';
import type { ServerContext } from '../context.ts';

const Names = Type.Object({ domains: Type.Array(Type.String(), { maxItems: 100 }) }, { additionalProperties: false });
const OneDomain = Type.Object({ app: Type.String(), domain: Type.String() });
const Switch = Type.Object({ on: Type.Boolean() }, { additionalProperties: false });

/** The names an app answers to, and whether it answers at all. Neither needs a release. */
export function domainRoutes(context: ServerContext): FastifyPluginCallbackTypebox {
  const { store } = context;
  return (api, _options, done) => {
    const answer = (rows: readonly DomainRow[]) => ({ domains: rows.map(({ host, source }) => ({ domain: host, source })) });

    api.get('/apps/:app/domains', { config: { access: 'app' } }, (request) => answer(store.domains.ofApp(existingApp(context, request).name)));

    api.put('/apps/:app/domains', { config: { access: 'app' }, schema: { body: Names } }, async (request) => {
      const { name: app } = existingApp(context, request);
      const names = [...new Set(request.body.domains.map((name) => name.toLowerCase()))];
      await changeDomains(context, app, names.map((host) => ({ host, source: 'operator' })));
      return answer(store.domains.ofApp(app));
    });

    api.post('/apps/:app/domains', { config: { access: 'app' }, schema: { body: Names } }, async (request) => {
      const { name: app } = existingApp(context, request);
      const before = store.domains.ofApp(app);
      const added = request.body.domains.map((name) => name.toLowerCase()).filter((name) => before.every((row) => row.host !== name));
      // What hop3.toml gave stays, and is the operator's from now on: the next push must not take it away half.
      await changeDomains(context, app, [...before.map((row) => row.host), ...added].map((host) => ({ host, source: 'operator' })));
      return answer(store.domains.ofApp(app));
    });

    api.delete('/apps/:app/domains/:domain', { config: { access: 'app' }, schema: { params: OneDomain } }, async (request) => {
      const { name: app } = existingApp(context, request);
      const domain = request.params.domain.toLowerCase();
      const before = store.domains.ofApp(app);
      if (before.every((row) => row.host !== domain)) {
        throw new Hop3Error('HOP3_DOMAIN', { what: `${app} does not have the name "${printable(domain)}".${didYouMean(domain, before.map((row) => row.host))}`, next: `hop3 domains --app ${app} lists its names.` });
      }
      await changeDomains(context, app, before.filter((row) => row.host !== domain).map(({ host }) => ({ host, source: 'operator' })));
      return answer(store.domains.ofApp(app));
    });

    api.get('/apps/:app/maintenance', { config: { access: 'app' } }, (request) => ({ on: existsSync(context.paths.maintenance(existingApp(context, request).name)) }));

    api.put('/apps/:app/maintenance', { config: { access: 'app' }, schema: { body: Switch } }, (request) => {
      const { name: app } = existingApp(context, request);
      const file = context.paths.maintenance(app);
      if (request.body.on) writeFileSync(file, `${new Date().toISOString()} ${request.principal.name}\n`, { mode: 0o600 });
      else rmSync(file, { force: true });
      return { on: request.body.on };
    });
    done();
  };
}
