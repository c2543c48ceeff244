import { mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { FastifySchema } from 'fastify';
import { ApiWorld } from './api-world.ts';
import { PIECES, randomOf, type Random } from './fuzz.ts';

export interface FuzzedApi {
  requests: number;
  slowest: { ms: number; where: string };
  /** How often each status was answered. */
  readonly statuses: Record<string, number>;
}

interface Route { readonly method: string; readonly url: string; readonly schema?: FastifySchema | undefined }
interface Schema { readonly type?: string; readonly properties?: Readonly<Record<string, Schema>>; readonly items?: Schema; readonly minimum?: number; readonly maximum?: number; readonly maxLength?: number }

/** Bodies as bytes: JSON that is none, or means harm. */
const RAW: readonly (string | Buffer)[] = [
  '', '{', 'null', '[]', '"x"', '0', 'true', '{"a":1', '{"a":1}}', "{'a':1}", '{"a":undefined}', '\0', '{"a":\u0001}', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"__proto__":null}', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  `{"a":1e999,"b":-1e999,"c":${'9'.repeat(400)}}`, `{${Array.from({ length: 20_000 }, (_none, at) => `"k${at}":${at}`).join(',')}}`, `{"a":"${'x'.repeat(1_100_000)}"}`,
];
const TYPES = ['application/json', 'application/json; charset=utf-16', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/octet-stream', '', 'a/b; ' + 'c'.repeat(500)];
const VALUES: readonly unknown[] = [null, true, false, 0, -1, 0.5, 1e308, 2 ** 53, '', '1', [], {}, [[]], { a: 1 }, ['a'], ['__proto__'], { __proto: 1 }, 'x'.repeat(70_000), Array.from({ length: 5000 }, () => 'a'), '\0', '\ud800', '../../etc/passwd', '$(id)', '${x}', "'; DROP TABLE apps; --"];

/** Fuzzes the API of a server that has one app with a release, and prints what was tried. */
export async function fuzzShop(seed: number, rounds: number): Promise<void> {
  const world = await ApiWorld.start();
  try {
    world.released(world.app('shop'), 'a');
    mkdirSync(world.context.paths.app('shop' as never), { recursive: true });
    console.log(`seed ${seed}: ${JSON.stringify(await fuzzApi(world, seed, rounds))}`);
  } finally {
    await world.stop();
  }
}

/**
 * Every route with values that its schema does not allow, and with some that it does, which mean harm. Each answer is one: a success, or an
 * error in the usual envelope that gives nothing of the inside away.
 */
async function fuzzApi(world: ApiWorld, seed: number, rounds: number): Promise<FuzzedApi> {
  const tried: FuzzedApi = { requests: 0, slowest: { ms: 0, where: '' }, statuses: {} };
  const routes = world.routes.filter(({ method, url }) => url.startsWith('/api/v1/') && method !== 'HEAD');
  let round = 0;
  for (const route of routes) {
    for (const [body, type] of [...RAW.map((raw) => [raw, TYPES[0]!] as const), ...TYPES.map((one) => ['{"a":1}', one] as const)]) {
      // The large ones go to every route only in many rounds.
      const isLarge = body.length > 50_000 && rounds < 100 && randomOf(seed, (round += 1)).below(8) > 0;
      if (route.method !== 'GET' && !isLarge) await ask(world, route, address(route.url), { body, type }, tried);
    }
    for (let each = 0; each < rounds; each += 1) {
      const random = randomOf(seed, (round += 1));
      const { body, querystring } = (route.schema ?? {}) as { body?: Schema; querystring?: Schema };
      const where = random.below(3) === 0 ? address(route.url, random) : address(route.url);
      const sent = route.method === 'GET' ? undefined : JSON.stringify(near(random, body, 0));
      await ask(world, route, `${where}${random.below(2) === 0 && route.method !== 'GET' ? '' : query(random, querystring)}`, sent === undefined ? {} : { body: sent, type: TYPES[0]! }, tried, `FUZZ_SEED=${seed}, round ${round}`);
    }
  }
  return tried;
}

/** The address with something in each hole. */
function address(url: string, random?: Random): string {
  return url.replace(/:app|:\w+|\*/g, (hole) => {
    if (random && random.below(2) === 0) return encodeURIComponent(text(random)).slice(0, 400).replace(/%[0-9A-F]?$/, '') || 'x';
    return hole === ':app' ? 'shop' : /version|number/.test(hole) ? '1' : 'x';
  });
}

function query(random: Random, schema: Schema | undefined): string {
  const names = [...Object.keys(schema?.properties ?? {}), 'limit', '__proto__', 'x'];
  const pairs = Array.from({ length: 1 + random.below(3) }, () => `${random.pick(names)}=${encodeURIComponent(text(random)).slice(0, 2000).replace(/%[0-9A-F]?$/, '')}`);
  return `?${pairs.join('&')}`;
}

/** A value of about the schema's shape, with one thing or another that it does not allow. */
function near(random: Random, schema: Schema | undefined, depth: number): unknown {
  if (schema === undefined || depth > 5 || random.below(4) === 0) return random.pick(VALUES);
  if (schema.properties) {
    const entries = Object.entries(schema.properties).filter(() => random.below(6) > 0).map(([name, inner]) => [name, near(random, inner, depth + 1)] as const);
    const extra = random.below(4) === 0 ? [[random.pick(PIECES), random.pick(VALUES)] as const] : [];
    return Object.fromEntries([...entries, ...extra]);
  }
  switch (schema.type) {
    case 'object': return Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.below(2) === 0 ? 'NAME' : text(random), random.below(2) === 0 ? 'value' : random.pick(VALUES)]));
    case 'array': return Array.from({ length: random.below(5) }, () => near(random, schema.items, depth + 1));
    case 'integer': case 'number': return random.pick([schema.minimum ?? 0, (schema.minimum ?? 0) - 1, schema.maximum ?? 1, (schema.maximum ?? 1) + 1, 1, 0.1, -0, 2 ** 60]);
    case 'boolean': return random.below(2) === 0;
    case undefined: default: return text(random);
  }
}

/** What JSON and addresses can carry; half characters cannot be encoded. */
function text(random: Random): string {
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(PIECES)).join('').replace(/\p{Surrogate}/gu, '?');
}

/** No route takes as long as this here, where nothing is deployed; far above what a busy machine needs. */
const ANSWER_MS = 30_000;
/** A followed log has no end by itself: it is left open, until the server stops and ends it. */
const FOLLOWED_MS = 200;

/** The answer, or null when there is none in this time. An injected request cannot be taken back once its body is read. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T | null> {
  const limit = new AbortController();
  const late = setTimeout(ms, null, { signal: limit.signal });
  // The one that lost is of no interest any more.
  for (const either of [answer, late]) either.catch(() => {});
  return Promise.race([answer, late]).finally(() => limit.abort());
}

interface Sent { readonly body?: string | Buffer; readonly type?: string }

async function ask(world: ApiWorld, route: Route, url: string, { body, type }: Sent, tried: FuzzedApi, again = ''): Promise<void> {
  const where = `${route.method} ${url} ${type ?? ''} ${String(body ?? '').slice(0, 300)} ${again}`;
  const follows = route.url.endsWith('/follow');
  const began = performance.now();
  const asked = world.server.inject({
    method: route.method as 'GET', url, headers: { authorization: `Bearer ${world.admin}`, ...(type === undefined || type === '' ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { payload: body }),
  });
  const answer = await within(follows ? FOLLOWED_MS : ANSWER_MS, asked);
  if (answer === null && !follows) throw new Error(`no answer within ${ANSWER_MS} ms: ${where}`);
  tried.requests += 1;
  const took = performance.now() - began;
  if (took > tried.slowest.ms) tried.slowest = { ms: Math.round(took), where };
  if (answer === null) return;
  tried.statuses[answer.statusCode] = (tried.statuses[answer.statusCode] ?? 0) + 1;
  const text = answer.body;
  assert.not.match(text, /\bat .*\(?.*\.[jt]s:\d+:\d+\)?/, `a stack: ${where}`);
  assert.not.match(text, 'HOP3_INTERNAL', where);
  assert.ok(answer.statusCode < 500 || (JSON.parse(text) as { error: { code: string } }).error.code !== '', where);
  if (answer.statusCode >= 400) {
    const { error } = JSON.parse(text) as { error: { code: string; what: string } };
    assert.match(error.code, /^HOP3_[A-Z_]+$/, where);
    assert.ok(error.what.length < 20_000, `a message of ${error.what.length} characters: ${where}`);
  }
  assert.equal(world.defects.splice(0), [], where);
  assert.is(({} as Record<string, unknown>)['polluted'], undefined, where);
  // What destroys the app is believed; the next one finds it again.
  if (world.store.apps.get('shop' as never) === null) world.app('shop');
}
