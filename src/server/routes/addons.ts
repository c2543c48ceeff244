import { PassThrough, Transform } from 'node:stream';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { ADDON_TYPES, type Addon } from '../../addons/model.ts';
import { driverOf } from '../../addons/drivers.ts';
import { Hop3Error } from '../../errors.ts';
import { noAddon } from '../../pipeline/addons.ts';
import { existingApp } from '../api-access.ts';
import { streamDeploy } from '../api-stream.ts';
import type { AddonInfo } from '../api-types.ts';
import { deployedInfo } from '../api-views.ts';
import { isAdmin } from '../auth.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';

const closed = { additionalProperties: false };
const AddonName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,38}$' });
const NewAddon = Type.Object({ type: Type.Enum([...ADDON_TYPES]), name: Type.Optional(Type.Union([AddonName, Type.Null()])), extensions: Type.Array(Type.String(), { default: [] }) }, closed);
const OneAddon = Type.Object({ addon: Type.String() });
const OneOfApp = Type.Object({ app: Type.String(), addon: Type.String() });
const Query = Type.Object({ text: Type.String({ minLength: 1, maxLength: 1_000_000 }) }, closed);
const Confirmation = Type.Object({ confirm: Type.String() }, closed);
/** Seconds for a question to a server that may have to be started. */
const ASK_LIMIT = 180;

/** Databases: what there is, whose it is, and what may be asked of it. Everything about one goes through an app that has it. */
export function addonRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  const { addons, store } = context;
  return (api, _options, done) => {
    api.get('/addons', { config: { access: 'token' } }, (request): { addons: AddonInfo[] } => {
      const { principal } = request;
      const all = store.addons.list().map((row) => addonInfo(context, addons.get(row.name)!));
      return { addons: isAdmin(principal) ? all : all.filter((addon) => addon.apps.includes(principal.app ?? '')) };
    });

    api.get('/addons/types', { config: { access: 'token' } }, () => ({
      types: ADDON_TYPES.map((type) => ({ type, title: driverOf(type).title, variables: Object.keys(driverOf(type).variables({ host: '', port: 0, user: '', password: '', database: '' })) })),
    }));

    api.delete('/addons/:addon', { config: { access: 'admin' }, schema: { params: OneAddon, body: Confirmation } }, async (request) => {
      const addon = addons.get(request.params.addon);
      if (!addon) throw noAddon(request.params.addon);
      refuseDestroy(addon, store.addons.attachmentsTo(addon.name).map((one) => one.app), request.body.confirm);
      await addons.destroy(addon, () => {}, AbortSignal.timeout(ASK_LIMIT * 1000));
      return { destroyed: addon.name };
    });

    api.get('/apps/:app/addons', { config: { access: 'app' } }, (request): { addons: AddonInfo[] } => {
      const { name } = existingApp(context, request);
      return { addons: store.addons.attachmentsOf(name).map((one) => addonInfo(context, addons.get(one.addon)!)) };
    });

    api.post('/apps/:app/addons', { config: { access: 'app' }, schema: { body: NewAddon } }, (request, reply) => {
      const { name: app } = existingApp(context, request);
      const { type, name, extensions } = request.body;
      return streamDeploy(context, streams, reply, async (log, signal) => {
        const release = await context.deployer.changeAddons(app, { kind: 'create', type, name: name ?? null, extensions }, request.principal.name, log, signal);
        return release && deployedInfo(context, release);
      });
    });

    for (const [path, kind, access] of [['attach', 'attach', 'admin'], ['detach', 'detach', 'app'], ['credentials', 'rotate', 'app']] as const) {
      api.post(`/apps/:app/addons/:addon/${path}`, { config: { access }, schema: { params: OneOfApp } }, (request, reply) => {
        const { name: app } = existingApp(context, request);
        const { addon } = request.params;
        return streamDeploy(context, streams, reply, async (log, signal) => {
          const release = await context.deployer.changeAddons(app, { kind, addon }, request.principal.name, log, signal);
          return release && deployedInfo(context, release);
        });
      });
    }

    api.get('/apps/:app/addons/:addon', { config: { access: 'app' }, schema: { params: OneOfApp } }, async (request): Promise<AddonInfo & { about: string }> => {
      const addon = addonOfApp(context, request);
      const about = await driverOf(addon.type).describe(addon, addons.context(addon, () => {}, AbortSignal.timeout(ASK_LIMIT * 1000)));
      return { ...addonInfo(context, addon), about };
    });

    api.get('/apps/:app/addons/:addon/credentials', { config: { access: 'app' }, schema: { params: OneOfApp } }, (request) => {
      const addon = addonOfApp(context, request);
      return { name: addon.name, variables: driverOf(addon.type).variables(addon.access) };
    });

    api.post('/apps/:app/addons/:addon/query', { config: { access: 'app' }, schema: { params: OneOfApp, body: Query } }, async (request) => {
      const addon = addonOfApp(context, request);
      const asking = addons.context(addon, () => {}, AbortSignal.timeout(ASK_LIMIT * 1000));
      return { answer: await driverOf(addon.type).query(addon, request.body.text, asking) };
    });

    api.get('/apps/:app/addons/:addon/dump', { config: { access: 'app' }, schema: { params: OneOfApp } }, (request, reply) => {
      const addon = addonOfApp(context, request);
      const out = new PassThrough();
      const { abort, end } = streams.begin();
      reply.raw.once('close', () => { if (!reply.raw.writableFinished) abort.abort(); });
      driverOf(addon.type).dump(addon, out, addons.context(addon, () => {}, abort.signal))
        // The answer has begun: all that is left to say "this is not whole" is to cut it.
        .then(() => out.end(), (error: unknown) => {
          if (!abort.signal.aborted) context.reportDefect(`dump of ${addon.name}`, error);
          out.destroy(error as Error);
        })
        .finally(end);
      return reply.type('application/octet-stream').send(out);
    });
    api.register(restoreRoute(context, streams));
    done();
  };
}

/** A scope of its own: a dump's body is a stream and no JSON. */
function restoreRoute(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.removeAllContentTypeParsers();
    api.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    api.put('/apps/:app/addons/:addon/dump', { config: { access: 'app' }, schema: { params: OneOfApp } }, (request, reply) => {
      const addon = addonOfApp(context, request);
      return streamDeploy(context, streams, reply, async (log, signal) => {
        log.phase(`Restoring ${addon.name}`);
        const counted = counting(request);
        await driverOf(addon.type).restore(addon, counted.stream, context.addons.context(addon, (line) => log.line(line), signal));
        log.line(`${counted.bytes()} bytes restored`);
        return null;
      });
    });
    done();
  };
}

function counting(request: FastifyRequest): { stream: Transform; bytes: () => number } {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      bytes += chunk.length;
      next(null, chunk);
    },
  });
  // A client that goes ends the upload early; the half of a dump must not be taken for a whole one.
  request.raw.once('aborted', () => stream.destroy(new Hop3Error('HOP3_CANCELLED', { what: 'The dump was cut on its way.' })));
  request.raw.pipe(stream);
  return { stream, bytes: () => bytes };
}

/** The addon in the path, if the app in the path has it. */
function addonOfApp(context: ServerContext, request: FastifyRequest): Addon {
  const { name: app } = existingApp(context, request);
  const { addon: name } = request.params as { addon: string };
  const has = context.store.addons.attachmentsOf(app);
  const addon = has.some((one) => one.addon === name) ? context.addons.get(name) : null;
  if (addon) return addon;
  throw new Hop3Error('HOP3_NO_ADDON', {
    what: `${app} has no addon of that name.`,
    next: has.length === 0 ? 'It has none. To make one: hop3 addon create postgres' : `It has: ${has.map((one) => one.addon).join(', ')}.`,
  });
}

function addonInfo(context: ServerContext, addon: Addon): AddonInfo {
  return {
    name: addon.name, type: addon.type, server: addon.server,
    apps: context.store.addons.attachmentsTo(addon.name).map((one) => one.app),
    created_at: new Date(addon.createdAt).toISOString(),
  };
}

function refuseDestroy(addon: Addon, apps: readonly string[], confirm: string): void {
  if (apps.length > 0) {
    throw new Hop3Error('HOP3_ADDON_NAME', {
      what: `${addon.name} is attached to ${apps.join(', ')} and was not destroyed.`,
      next: apps.map((app) => `hop3 addon detach ${addon.name} --app ${app}`).join('\n'),
    });
  }
  if (confirm === addon.name) return;
  throw new Hop3Error('HOP3_NOT_CONFIRMED', {
    what: `${addon.name} was not destroyed: the confirmation does not repeat its name.`,
    next: `All of its data would be gone. If that is meant: hop3 addon destroy ${addon.name} --confirm=${addon.name}`,
  });
}
