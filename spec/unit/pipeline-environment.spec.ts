import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppConfig } from '../../src/config/model.ts';
import { caught } from '../caught.ts';
import { composeEnv, sourceOrder } from '../../src/pipeline/environment.ts';
import { generateValue } from '../../src/pipeline/generate.ts';

const test = suite('the environment of a release');

const plain: AppConfig = {
  file: 'hop3.toml', metadata: { id: null, version: null, title: null, description: null }, builder: 'nix',
  run: { start: null, beforeRun: null, startTimeout: 60 }, processes: {}, env: {}, generated: {}, computed: {},
  envPolicy: 'keep-existing', admin: null, healthcheck: null, domains: [], domainsPolicy: 'keep-existing', addons: [], limits: { memory: null, cpu: null, processes: null }, ports: [], cron: [], nix: null, notices: [],
};
const runtime = { workers: {}, static: null, env: {}, path: [] };

function compose(config: Partial<AppConfig>, operator = {}, builtIn = {}, env = {}, addons = {}, generated: string[] = []) {
  return composeEnv({ config: { ...plain, ...config }, runtime: { ...runtime, env }, operator, generated, addons, builtIn });
}

test('the operator beats hop3.toml, hop3.toml beats the build, Hop3 beats all', async () => {
  const { env } = compose({ env: { A: 'toml', B: 'toml', C: 'toml' } }, { B: 'operator', C: 'operator' }, { C: 'hop3' }, { A: 'build', D: 'build' });
  assert.equal(env, { A: 'toml', B: 'operator', C: 'hop3', D: 'build' });
});

test('hop3.toml and the operator beat an addon, which beats the build; its variables are known to both tables', async () => {
  const addons = { PGHOST: '127.0.0.1', PGUSER: 'u', PGPASSWORD: 'p' };
  const { env } = compose(
    { env: { URL: 'pg://${PGUSER}:${PGPASSWORD}@${PGHOST}' }, computed: { DB_USER: '${PGUSER}' } }, { PGHOST: 'db.example.org' }, {}, { PGUSER: 'build' }, addons,
  );
  assert.equal(env, { PGHOST: 'db.example.org', PGUSER: 'u', PGPASSWORD: 'p', URL: 'pg://u:p@db.example.org', DB_USER: 'u' });
});

test('_policy = "override" lets hop3.toml beat the operator, never Hop3', async () => {
  const { env } = compose({ envPolicy: 'override', env: { A: 'toml', B: 'toml' } }, { A: 'operator' }, { B: 'hop3' });
  assert.equal(env, { A: 'toml', B: 'hop3' });
});

test('computed values see the operator, generated secrets and each other', async () => {
  const { env } = compose(
    { computed: { URL: 'http://${HOST}:${PORT_TEXT}', PORT_TEXT: '${NUMBER}' } },
    { NUMBER: '80' }, { HOST: 'shop.localhost' },
  );
  assert.is(env['URL'], 'http://shop.localhost:80');
});

test('text that looks like a reference stays text inside a value that is put in', async () => {
  const { env } = compose({ computed: { A: '${SECRET}' } }, { SECRET: '${A} $& $1' });
  assert.is(env['A'], '${A} $& $1');
});

test('an unknown name is refused with the file, the variable and the remedy', async () => {
  const error = await caught(() => compose({ computed: { URL: '${NOBODY}' } }));
  assert.is(error.code, 'HOP3_ENV_REFERENCE');
  assert.is(error.what, 'hop3.toml: URL uses ${NOBODY}, and nothing defines it.');
});

test('two values that need each other are refused', async () => {
  const error = await caught(() => compose({ computed: { A: '${B}', B: '${A}' } }));
  assert.match(error.what, 'it needs itself');
});

test('a secret is made once and kept by the release', async () => {
  const config = { generated: { KEY: { generate: 'hex', length: 16, prefix: 'k-', display: true } as const } };
  const first = compose(config);
  assert.match(first.operator['KEY']!, /^k-[0-9a-f]{32}$/);
  assert.equal(first.display, ['KEY']);
  assert.equal(first.generated, ['KEY']);
  const second = compose(config, first.operator, {}, {}, {}, ['KEY']);
  assert.equal(second.generated, ['KEY']);
  assert.is(second.env['KEY'], first.env['KEY']);
  assert.equal(second.display, []);
});

test('[admin] gives user, email and a password that stays', async () => {
  const admin = { username: 'admin', email: 'a@example.org', password: { generate: 'password', length: 20, prefix: '', display: false } as const, create: null };
  const { env, operator } = compose({ admin });
  assert.is(env['HOP3_ADMIN_USER'], 'admin');
  assert.is(env['HOP3_ADMIN_EMAIL'], 'a@example.org');
  assert.is(env['HOP3_ADMIN_PASSWORD']!.length, 20);
  assert.is(operator['HOP3_ADMIN_PASSWORD'], env['HOP3_ADMIN_PASSWORD']);
});

test('each variable knows where it comes from, what it hides, and whether it is a secret', () => {
  const { variables } = compose(
    { env: { A: 'toml', B: 'toml', E: 'http://${PGHOST}', F: 'x${D}' }, computed: { C: '${B} ${G}' } },
    { A: 'operator', G: 'made', H: 'operator' }, { H: 'hop3' }, { A: 'build', I: 'build' }, { PGHOST: 'localhost', D: 'password', REPORTS_PGUSER: 'u', REPORTS_PGPASSWORD: 'p' }, ['G', 'GONE'],
  );
  const seen = Object.fromEntries(Object.entries(variables).map(([name, { source, hides, secret }]) => [name, [source, hides.join(' '), secret]]));
  assert.equal(seen, {
    A: ['operator', 'hop3.toml build', true], B: ['hop3.toml', '', false], C: ['computed', '', true], D: ['addon', '', true], E: ['hop3.toml', '', false], F: ['hop3.toml', '', true],
    G: ['generated', '', true], H: ['built-in', 'operator', false], I: ['build', '', false], PGHOST: ['addon', '', false], REPORTS_PGUSER: ['addon', '', false], REPORTS_PGPASSWORD: ['addon', '', true],
  });
  assert.equal(sourceOrder('keep-existing'), ['build', 'addon', 'admin', 'hop3.toml', 'computed', 'generated', 'operator', 'built-in']);
  assert.equal(sourceOrder('override'), ['build', 'addon', 'admin', 'generated', 'operator', 'hop3.toml', 'computed', 'built-in']);
});

test('with override, text that names itself means the value it hides, and is as secret as that', () => {
  const { env, variables } = compose({ envPolicy: 'override', env: { LIST: '${LIST}:more' } }, { LIST: 'mine' });
  assert.is(env['LIST'], 'mine:more');
  assert.ok(variables['LIST']!.secret);
});

test('a name like those that every object has is a variable like any other', async () => {
  const { env } = compose({ computed: { A: '${constructor}' } }, { constructor: 'x', toString: 'y' });
  assert.equal([env['A'], env['toString']], ['x', 'y']);
  assert.match((await caught(() => compose({ computed: { A: '${valueOf}' } }))).what, 'nothing defines it');
});

test('each kind of secret has the promised shape', async () => {
  const make = (generate: 'hex' | 'base64' | 'urlsafe' | 'password' | 'uuid') => generateValue({ generate, length: 24, prefix: '', display: false });
  assert.match(make('hex'), /^[0-9a-f]{48}$/);
  assert.is(Buffer.from(make('base64'), 'base64').length, 24);
  assert.match(make('urlsafe'), /^[A-Za-z0-9_-]{32}$/);
  assert.match(make('password'), /^[A-Za-z0-9]{24}$/);
  assert.match(make('uuid'), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.is.not(make('hex'), make('hex'));
});

test.run();
