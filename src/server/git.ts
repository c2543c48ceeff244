import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { ensureEmptyRepo } from '../git/repo.ts';
import { asHop3Error, Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import { appOf } from './api-access.ts';
import { isAdmin, mayUse } from './auth.ts';
import { tellRefusal } from './audit-hooks.ts';
import { addressOf } from './client-address.ts';
import type { ServerContext } from './context.ts';
import { applyGitEnvironment, gitEnvironment } from './git-env.ts';
import { ClientGone } from './git-body.ts';
import { gitErrorHandler } from './git-errors.ts';
import { Exchange } from './git-exchange.ts';
import { serveFetch } from './git-fetch.ts';
import { advertise, type GitService } from './git-library.ts';
import { servePush } from './git-push.ts';
import { HookSocket } from './hook-socket.ts';
import { serveHook } from './receive-hook.ts';
import { mostPushes } from './push-limit.ts';
import { PushRegistry } from './receive-registry.ts';

export interface GitOptions {
  /** Milliseconds without a byte from a client that is sending. */
  readonly idleMs?: number;
  /** Pushes that may be under way at a time. */
  readonly mostPushes?: number;
}

const IDLE_MS = 60_000;
/** Milliseconds that pushes get to end when the server stops. */
const STOP_MS = 5000;
const SERVICES: readonly GitService[] = ['git-upload-pack', 'git-receive-pack'];

/**
 * The git addresses, `/<app>.git/...`: one scope, one check of the token before anything else, node-git-server behind it. Also what
 * belongs to receiving: the environment of git's children, and the socket of the hooks.
 */
export function gitRoutes(context: ServerContext, options: GitOptions = {}): FastifyPluginCallback {
  return (scope, _options, done) => {
    const registry = new PushRegistry(options.mostPushes ?? mostPushes());
    const hooks = new HookSocket(registry, (hook) => serveHook(context, hook));
    const idleMs = options.idleMs ?? IDLE_MS;
    let emptyRepo = '';
    scope.addHook('onReady', async () => {
      applyGitEnvironment(gitEnvironment(context.settings, context.paths));
      await hooks.listen(context.paths.hookSocket);
      emptyRepo = await ensureEmptyRepo(context.paths);
    });
    scope.addHook('preClose', async () => {
      registry.abortAll();
      const end = performance.now() + STOP_MS;
      while (registry.size > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    });
    scope.addHook('onClose', () => hooks.close());

    scope.setErrorHandler(gitErrorHandler(context));
    // Bodies are read by the fence, never by Fastify.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    scope.addHook('onRequest', async (request) => {
      request.principal = await context.auth.authenticate(request.headers.authorization, addressOf(request));
      const app = appOf(request);
      if (!mayUse(request.principal, app)) throw forbidden(app);
    });
    scope.addHook('onSend', async (request, reply, payload) => {
      if (reply.statusCode === 401 || reply.statusCode === 403) tellRefusal(context, request, isPush(request) ? 'push' : 'fetch');
      return payload;
    });

    scope.get('/:app.git/info/refs', { exposeHeadRoute: false }, async (request, reply) => {
      const service = serviceOf(request);
      const repo = repoFor(context, request, service, emptyRepo);
      const answer = await advertise(service, repo);
      reply.header('cache-control', 'no-cache, max-age=0, must-revalidate').header('pragma', 'no-cache');
      return reply.type(`application/x-${service}-advertisement`).send(answer);
    });
    scope.post('/:app.git/git-upload-pack', (request, reply) => {
      const repo = repoFor(context, request, 'git-upload-pack', emptyRepo);
      return answer(context, request, reply, (exchange) => serveFetch(exchange, repo, idleMs));
    });
    scope.post('/:app.git/git-receive-pack', (request, reply) => {
      const app = appOf(request);
      repoFor(context, request, 'git-receive-pack', emptyRepo);
      return answer(context, request, reply, (exchange) => servePush(context, registry, exchange, { app, principal: request.principal, address: addressOf(request), idleMs }));
    });
    refuseTheRest(scope);
    done();
  };
}

/** Every other method and path below an app's address: behind the token too, and told what would be right. */
function refuseTheRest(scope: FastifyInstance): void {
  const others = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
  const wrongMethod = (allowed: string) => async (request: FastifyRequest, reply: FastifyReply) => {
    reply.code(405).header('allow', allowed).type('text/plain; charset=utf-8');
    if (request.method !== 'GET') reply.header('connection', 'close');
    return `${request.method} is not for this address; ${allowed} is.\n`;
  };
  const except = (method: string) => others.filter((name) => name !== method);
  scope.route({ method: except('GET'), url: '/:app.git/info/refs', exposeHeadRoute: false, handler: wrongMethod('GET') });
  for (const service of SERVICES) scope.route({ method: except('POST'), url: `/:app.git/${service}`, exposeHeadRoute: false, handler: wrongMethod('POST') });
  const nothing = async () => {
    throw new Hop3Error('HOP3_NO_ROUTE', { what: 'There is nothing here: this server speaks git\'s smart HTTP protocol only.', next: 'Use a stock git client: git push hop3 main' });
  };
  for (const url of ['/:app.git', '/:app.git/*']) scope.route({ method: others, url, exposeHeadRoute: false, handler: nothing });
}

/** Takes the connection out of Fastify's hands and answers it; nothing that goes wrong here reaches the process. */
async function answer(context: ServerContext, request: FastifyRequest, reply: FastifyReply, serve: (exchange: Exchange) => Promise<void>): Promise<void> {
  reply.hijack();
  const exchange = new Exchange(request.raw, reply.raw);
  try {
    await serve(exchange);
  } catch (thrown) {
    if (thrown instanceof ClientGone) return;
    const error = asHop3Error(thrown);
    if (error.status >= 500) context.reportDefect(`${request.method} ${request.routeOptions.url ?? ''}`, error.cause ?? thrown);
    exchange.fail(error);
  }
}

function isPush(request: FastifyRequest): boolean {
  return request.url.includes('git-receive-pack');
}

function serviceOf(request: FastifyRequest): GitService {
  const { service } = request.query as { service?: unknown };
  const known = SERVICES.find((name) => name === service);
  if (known) return known;
  throw new Hop3Error('HOP3_GIT_REQUEST', { what: `info/refs is asked for with ?service=${SERVICES.join(' or ?service=')}; git's old "dumb" HTTP protocol is not spoken here.` });
}

/**
 * The repository a request is for. An administrator's push to an app that does not exist yet is shown an empty one.
 * @throws Hop3Error HOP3_NO_APP
 */
function repoFor(context: ServerContext, request: FastifyRequest, service: GitService, emptyRepo: string): string {
  const app = appOf(request);
  if (context.store.apps.get(app)) return context.paths.repo(app);
  if (service === 'git-receive-pack' && isAdmin(request.principal)) return emptyRepo;
  throw new Hop3Error('HOP3_NO_APP', {
    what: `There is no app named ${app}.`,
    next: isAdmin(request.principal) ? 'hop3 apps lists what there is; a first push makes an app.' : 'An administrator makes it: hop3 app create, or a first push with an administrator\'s token.',
  });
}

/** The same words whether or not the app exists. */
function forbidden(app: AppName): Hop3Error {
  return new Hop3Error('HOP3_FORBIDDEN', { what: `This token may not use ${app}.`, next: 'Use the token of that app, or ask an administrator for one: hop3 token create --app <app>' });
}
