import type { FastifyRequest } from 'fastify';

/** What the audit log says of a route's requests. */
export interface AuditAction {
  readonly action: string;
  /** What of the request is told: names, never values. */
  readonly names: (request: FastifyRequest) => readonly string[];
}

type Body = Readonly<Record<string, unknown>>;

const body = (request: FastifyRequest): Body => (request.body ?? {}) as Body;
const params = (request: FastifyRequest): Readonly<Record<string, string>> => request.params as Record<string, string>;
const nothing = (): readonly string[] => [];
const text = (value: unknown): string[] => (typeof value === 'string' ? [value] : []);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.flatMap(text) : []);
const keys = (value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : []);
/** A value that somebody typed where a name belongs must not be kept. */
const variables = (names: readonly string[]): string[] => names.map((name) => (/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name) ? name : '(no name)'));
const param = (name: string) => (request: FastifyRequest) => text(params(request)[name]);
const field = (name: string) => (request: FastifyRequest) => text(body(request)[name]);

/** Names for routes, by `METHOD address`. A route that changes something and is missing here is told by its method and address. */
const ACTIONS: Readonly<Record<string, AuditAction>> = {
  'POST /apps': { action: 'app.create', names: nothing },
  'DELETE /apps/:app': { action: 'app.destroy', names: nothing },
  'PUT /apps/:app/branch': { action: 'app.set-branch', names: field('branch') },
  'PATCH /apps/:app/ps': {
    action: 'ps.scale',
    names: (request) => Object.entries((body(request)['counts'] ?? {}) as Record<string, unknown>).map(([process, count]) => `${process}=${String(count)}`),
  },
  'POST /apps/:app/rollback': { action: 'rollback', names: (request) => (typeof body(request)['to'] === 'number' ? [`v${String(body(request)['to'])}`] : []) },
  'POST /apps/:app/restart': { action: 'restart', names: nothing },
  'POST /apps/:app/builds/:number/cancel': { action: 'build.cancel', names: (request) => [`b${params(request)['number']}`] },
  'POST /apps/:app/releases/:version/verify': { action: 'release.verify', names: (request) => [`v${params(request)['version']}`] },
  'PATCH /apps/:app/env': {
    action: 'env.set',
    names: (request) => [...variables(keys(body(request)['set'])), ...variables(texts(body(request)['unset'])).map((name) => `-${name}`)],
  },
  'PUT /apps/:app/domains': { action: 'domains.set', names: (request) => texts(body(request)['domains']) },
  'POST /apps/:app/domains': { action: 'domains.add', names: (request) => texts(body(request)['domains']) },
  'DELETE /apps/:app/domains/:domain': { action: 'domains.remove', names: param('domain') },
  'PUT /apps/:app/maintenance': { action: 'maintenance', names: (request) => [body(request)['on'] === true ? 'on' : 'off'] },
  'POST /apps/:app/run': { action: 'run', names: nothing },
  'POST /apps/:app/cron/:name': { action: 'cron.run', names: param('name') },
  'POST /apps/:app/addons': { action: 'addon.create', names: (request) => [...field('type')(request), ...field('name')(request)] },
  'POST /apps/:app/addons/:addon/attach': { action: 'addon.attach', names: param('addon') },
  'POST /apps/:app/addons/:addon/detach': { action: 'addon.detach', names: param('addon') },
  'POST /apps/:app/addons/:addon/credentials': { action: 'addon.rotate', names: param('addon') },
  'POST /apps/:app/addons/:addon/query': { action: 'addon.query', names: param('addon') },
  'PUT /apps/:app/addons/:addon/dump': { action: 'addon.restore', names: param('addon') },
  'DELETE /addons/:addon': { action: 'addon.destroy', names: param('addon') },
  'POST /gc': { action: 'gc', names: (request) => [...(body(request)['dry_run'] === true ? ['dry run'] : []), ...(body(request)['store'] === true ? ['store'] : [])] },
  'POST /tokens': { action: 'token.create', names: (request) => [...field('name')(request), body(request)['admin'] === true ? 'admin' : `for ${field('app')(request).join('')}`] },
  'DELETE /tokens/:id': { action: 'token.revoke', names: param('id') },
  'POST /backup': { action: 'backup.create', names: (request) => [body(request)['passphrase'] === null ? 'without the key' : 'with the key'] },
  'POST /backup/finish': { action: 'backup.finish', names: nothing },
  // These change nothing, but give away what an app keeps to itself.
  'GET /apps/:app/addons/:addon/dump': { action: 'addon.dump', names: param('addon') },
  'GET /apps/:app/addons/:addon/credentials': { action: 'addon.credentials', names: param('addon') },
};

/** Routes that are no GET and yet change nothing. */
const WITHOUT_EFFECT = new Set(['POST /plan', 'POST /apps/:app/plan']);

/**
 * What to write of a request to this route; null for one that only reads.
 * @param route the address below the API's prefix, with its holes: `/apps/:app/env`
 */
export function auditActionOf(method: string, route: string): AuditAction | null {
  const key = `${method} ${route}`;
  const known = ACTIONS[key];
  if (known) return known;
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || WITHOUT_EFFECT.has(key)) return null;
  return { action: key, names: nothing };
}
