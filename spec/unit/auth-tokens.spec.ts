import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { parseAppName, type AppName } from '../../src/names.ts';
import { Authenticator, createAdminToken, createToken, mayUse, newToken, type TokenText } from '../../src/server/auth.ts';
import { FailureDelays } from '../../src/server/auth-delays.ts';
import type { NewToken, TokenRow } from '../../src/store/tokens.ts';

interface Context {
  dir: string;
  file: string;
  rows: Map<string, TokenRow>;
  tokens: { find: (id: string) => TokenRow | null; touch: (id: string) => void; create: (token: NewToken) => void };
  asked: string[];
  auth: Authenticator;
}

const auth = suite<Context>('tokens');

auth.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'hop3-auth-'));
  context.file = join(context.dir, 'admin.token');
  const rows = new Map<string, TokenRow>();
  const asked: string[] = [];
  context.rows = rows;
  context.asked = asked;
  context.tokens = {
    find: (id) => { asked.push(id); return rows.get(id) ?? null; },
    touch: (id) => void rows.set(id, { ...rows.get(id)!, lastUsedAt: 1 }),
    create: (token) => void rows.set(token.id, { ...token, createdAt: 0, lastUsedAt: null, revokedAt: null }),
  };
  context.auth = new Authenticator(context.tokens, context.file, new FailureDelays());
});

auth.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }));

const shop = parseAppName('shop');
const basic = (password: string, user = 'hop3') => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const make = (context: Context, about: { app?: AppName | null; expiresAt?: number | null } = {}): TokenText =>
  createToken({ tokens: context.tokens }, { name: 'ci', app: shop, expiresAt: null, ...about });

async function refused(work: Promise<unknown>): Promise<Hop3Error> {
  const error = await work.then(() => null, (thrown: unknown) => thrown);
  assert.instance(error, Hop3Error);
  return error as Hop3Error;
}

auth('a token has an id, a long secret, and only its hash is stored', (context) => {
  const made = make(context);
  assert.match(made.text, /^hop3_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/);
  assert.is(context.rows.get(made.id)!.hash, made.hash);
  assert.not(JSON.stringify([...context.rows]).includes(made.text.slice(-43)));
  assert.is.not(newToken().text, newToken().text);
});

auth('git shows a token as the password of any user, the command as Bearer, in any case', async (context) => {
  const { text, id } = make(context);
  for (const header of [basic(text), basic(text, ''), basic(text, 'a name'), basic(text).replace('Basic', 'bAsIc'), `Bearer ${text}`, `bearer  ${text} `]) {
    assert.equal(await context.auth.authenticate(header, '::1'), { name: 'ci', tokenId: id, app: shop }, header);
  }
  assert.is(context.rows.get(id)!.lastUsedAt, 1);
});

auth('no header: says that a token is needed and how to show it', async (context) => {
  const error = await refused(context.auth.authenticate(undefined, '::1'));
  assert.is(error.code, 'HOP3_NOT_AUTHENTICATED');
  assert.is(error.status, 401);
  assert.is(error.exitCode, 4);
  assert.match(error.what, 'none was shown');
});

auth('wrong, expired, revoked, unknown, malformed: all in the same words', async (context) => {
  const expired = make(context, { expiresAt: Date.now() - 1 });
  const revoked = make(context);
  context.rows.set(revoked.id, { ...context.rows.get(revoked.id)!, revokedAt: 5 });
  const good = make(context);
  const headers = [
    basic(expired.text), basic(revoked.text), basic(`hop3_${good.id}_wrong`), basic(good.text.slice(0, -1)), basic(`${good.text}x`), basic(newToken().text),
    basic(''), basic('hop3__'), 'Basic', 'Basic ', 'Basic !!!', `Basic ${Buffer.from('nocolon').toString('base64')}`, 'Digest abc', good.text, `Bearer ${good.hash}`,
    `Bearer ${'a'.repeat(100_000)}`, 'Bearer a b',
  ];
  const fresh = new Authenticator(context.tokens, context.file, new FailureDelays());
  const words = new Set<string>();
  for (const [index, header] of headers.entries()) {
    const error = await refused(fresh.authenticate(header, `10.0.0.${index}`));
    words.add(`${error.code} ${error.what} ${error.why} ${error.next}`);
  }
  assert.is(words.size, 1);
  assert.match([...words][0]!, 'not accepted');
});

auth('a token that is not of our making is looked up all the same, so that it costs the same', async (context) => {
  await refused(context.auth.authenticate('Bearer nonsense', '::1'));
  assert.is(context.asked.length, 1);
});

auth('the admin token is made once, 0600, whole', async (context) => {
  const made = await Promise.all([createAdminToken(context.file), createAdminToken(context.file)]);
  assert.is(made.filter(Boolean).length, 1);
  assert.is(statSync(context.file).mode & 0o777, 0o600);
  const text = readFileSync(context.file, 'utf8').trim();
  assert.match(text, /^hop3_admin_/);
  assert.not(await createAdminToken(context.file));
  assert.is(readFileSync(context.file, 'utf8').trim(), text);
  assert.equal(await context.auth.authenticate(basic(text), '::1'), { name: 'admin', tokenId: 'admin', app: null });
});

auth('a replaced admin token holds at once; a removed, empty or short one opens nothing', async (context) => {
  await createAdminToken(context.file);
  const old = readFileSync(context.file, 'utf8').trim();
  await context.auth.authenticate(basic(old), '::1');
  writeFileSync(context.file, 'my-own-long-admin-token-text\n');
  await refused(context.auth.authenticate(basic(old), '::1'));
  assert.is((await context.auth.authenticate('Bearer my-own-long-admin-token-text', '::1')).app, null);
  chmodSync(context.file, 0o600);
  for (const text of ['', '\n', 'short']) {
    writeFileSync(context.file, text);
    await refused(context.auth.authenticate(`Bearer ${text.trim()}`, '::2'));
    await refused(context.auth.authenticate(basic(text.trim()), '::3'));
  }
  unlinkSync(context.file);
  await refused(context.auth.authenticate(basic(''), '::4'));
});

auth('a token for one app covers that app only; an administrator\'s covers all', async () => {
  const other = parseAppName('other');
  assert.ok(mayUse({ name: 'ci', tokenId: 'x', app: shop }, shop));
  assert.not(mayUse({ name: 'ci', tokenId: 'x', app: shop }, other));
  assert.ok(mayUse({ name: 'admin', tokenId: 'admin', app: null }, other));
});

auth.run();
