// limit: 300
import { join } from 'node:path';
import { readFile, writeFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { load } from './load-clients.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, expression, runtime, told } from './tiny-apps.ts';
import { CHECKOUT, exec, until, World, type Ran } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('variables of an app');

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

const seen = async (world: World, app: string) => JSON.parse((await world.get(app)).body) as Record<string, string>;
const hop3 = (world: World, args: string[], input?: string): Promise<Ran> => exec(join(CHECKOUT, 'bin/hop3'), args, { env: world.env, cwd: world.home, ...(input === undefined ? {} : { input }) });

const HARD = {
  EMPTY: '',
  LINES: 'first\nsecond\n\nfourth',
  QUOTES: `it's "quoted" \`here\` \\ and \\n`,
  COMMAND: '$(id) ${HOME} `id` $HOME %s ${NOBODY}',
  EMOJI: 'grün 🚀 \u2028 é',
  TRAILING: 'a space and a line end \n',
  LEADING: '\n  before',
  CONTROL: 'tab\tbell\u0007 escape\u001b[31m return\r\n',
  LARGE: '🚀x"\n'.repeat(15_000),
} as const;

test('values of any bytes but NUL arrive unchanged: by argument, standard input and file', async ({ world }) => {
  const shop = await world.repo('shop', { ...runtime(ECHO_WEB), 'hop3.toml': '[run]\nbefore-run = "printf %s \\"$LINES\\" > before-run-saw"\n' });
  assert.is((await shop.push()).code, 0);
  assert.ok(Buffer.byteLength(HARD.LARGE) >= 100_000);
  const { LARGE, ...others } = HARD;
  const set = await hop3(world, ['env', 'set', '--app', 'shop', ...Object.entries(others).map(([name, value]) => `${name}=${value}`)]);
  assert.is(set.code, 0, set.output);
  assert.is((await hop3(world, ['env', 'set', 'LARGE', '--stdin', '--app', 'shop'], LARGE)).code, 0);
  assert.is((await hop3(world, ['env', 'set', 'BY_STDIN', '--stdin', '--app', 'shop'], others.QUOTES + others.TRAILING)).code, 0);
  await writeFile(join(world.home, 'value'), others.COMMAND + others.CONTROL);
  assert.is((await hop3(world, ['env', 'set', 'BY_FILE', '--file', 'value', '--app', 'shop'])).code, 0);
  const env = await seen(world, 'shop');
  for (const [name, value] of Object.entries(HARD)) assert.is(env[name], value, name);
  assert.is(env['BY_STDIN'], others.QUOTES + others.TRAILING);
  assert.is(env['BY_FILE'], others.COMMAND + others.CONTROL);
  assert.is((await exec('cat', [join(world.root, 'apps/shop/data/before-run-saw')])).stdout, others.LINES);
  // And the way back, as a shell would read it.
  const shown = await hop3(world, ['env', '--app', 'shop']);
  const read = await exec('sh', ['-c', `${shown.stdout}\nprintf %s "$QUOTES$COMMAND$TRAILING"`]);
  assert.is(read.stdout, others.QUOTES + others.COMMAND + others.TRAILING);
  assert.is((await hop3(world, ['env', 'get', 'LARGE', '--app', 'shop'])).stdout, `${LARGE}\n`);
});

test('what no process can be given is refused, and nothing changes', async ({ world }) => {
  const before = await seen(world, 'shop');
  const nul = await hop3(world, ['env', 'set', 'X', '--stdin', '--app', 'shop'], 'secret-part\0x');
  assert.is(nul.code, 2, nul.output);
  assert.match(nul.output, 'The value of X holds a NUL byte');
  const large = await hop3(world, ['env', 'set', 'X', '--stdin', '--app', 'shop'], 'x'.repeat(140_000));
  assert.match(large.output, 'The value of X has more than 130816 bytes');
  const bytes = await exec('sh', ['-c', `printf '\\377' | "$0" env set X --stdin --app shop`, join(CHECKOUT, 'bin/hop3')], { env: world.env, cwd: world.home });
  assert.match(bytes.output, 'The value of X is not UTF-8 text. Encode it, for example with base64.');
  assert.equal(await seen(world, 'shop'), before);
});

test('each change is a new release that restarts into it, and no request is dropped', async ({ world }) => {
  assert.is((await (await world.repo('busy', runtime(ECHO_WEB))).push()).code, 0);
  const clients = load(world, 'busy', 8, /mark-\d+/);
  for (let round = 1; round <= 10; round += 1) {
    const set = await world.hop3('env', 'set', `MARK=mark-${round}`, '--app', 'busy');
    assert.is(set.code, 0, set.output);
    assert.match(set.output, `Set MARK; busy restarted as v${round + 1}.`);
    assert.is((await seen(world, 'busy'))['MARK'], `mark-${round}`);
  }
  assert.is((await world.hop3('env', 'unset', 'MARK', '--app', 'busy')).code, 0);
  assert.is((await seen(world, 'busy'))['MARK'], undefined);
  const { answers, failures, bodies } = await clients.stop();
  assert.equal(failures, []);
  assert.ok(answers > 100, `${answers} answers`);
  assert.ok([...bodies].filter((body) => body.startsWith('mark-')).length >= 8, [...bodies].join(' '));
  const releases = JSON.parse((await world.hop3('releases', '--app', 'busy', '--json')).stdout) as { releases: { version: number; reason: string; description: string }[] };
  assert.equal(releases.releases.slice(0, 2).map((one) => [one.version, one.reason, one.description]), [[12, 'env', 'Unset MARK'], [11, 'env', 'Set MARK']]);
});

const MANY = {
  ...expression(`pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { ${ECHO_WEB} env = { FROM_BUILD = "build"; GREETING = "build"; FROM_FILE = "build"; }; path = [ "\${pkgs.jq}/bin" ]; })`),
  'hop3.toml': `[env]
FROM_FILE = "file"
GREETING = "file"
POLITE = "\${GREETING}, please"
SECRET_KEY = { generate = "hex", length = 16 }

[env.computed]
SITE = "\${HOP3_PUBLIC_URL}/?key=\${SECRET_KEY}"
HELLO = "\${HOP3_ADMIN_USER} of \${FROM_FILE}"

[admin]
username = "root"
password = { generate = "password", length = 20 }
`,
};

interface Shown { release: number; order: string[]; variables: { name: string; value: string | null; source: string; hides: string[]; secret: boolean }[] }

test('hop3 env show --sources tells where each value comes from, which it hides, and keeps secrets to itself', async ({ world }) => {
  assert.is((await (await world.repo('many', MANY)).push()).code, 0);
  assert.is((await world.hop3('env', 'set', 'GREETING=Good day', '--app', 'many')).code, 0);
  const env = await seen(world, 'many');
  const show = async (...flags: string[]) => JSON.parse((await world.hop3('env', 'show', '--app', 'many', '--json', ...flags)).stdout) as Shown;
  const told = await show('--sources');
  assert.is(told.release, 2);
  assert.equal(told.order, ['build', 'addon', 'admin', 'hop3.toml', 'computed', 'generated', 'operator', 'built-in']);
  const rows = Object.fromEntries(told.variables.map(({ name, value, source, hides }) => [name, [value, source, ...hides]]));
  assert.equal(rows, {
    BIND_ADDRESS: ['127.0.0.1', 'built-in'], FROM_BUILD: ['build', 'build'], FROM_FILE: ['file', 'hop3.toml', 'build'],
    GREETING: [null, 'operator', 'hop3.toml', 'build'], HELLO: ['root of file', 'computed'], HOME: ['/app/data', 'built-in'], HOP3_ADMIN_PASSWORD: [null, 'admin'],
    HOP3_ADMIN_USER: ['root', 'admin'], HOP3_APP: ['many', 'built-in'], HOP3_PUBLIC_URL: [env['HOP3_PUBLIC_URL'], 'built-in'], HOP3_RELEASE: ['v2', 'built-in'],
    PATH: [env['PATH'], 'built-in'], POLITE: [null, 'hop3.toml'], SECRET_KEY: [null, 'generated'], SITE: [null, 'computed'],
  });
  // With the values, this is the environment that the process has, but for its port and what the shell adds.
  const all = Object.fromEntries((await show('--values')).variables.map(({ name, value }) => [name, value]));
  for (const extra of ['PORT', 'PWD', 'OLDPWD', 'SHLVL', '_', 'LANG']) if (!(extra in all)) delete env[extra];
  assert.equal(all, env);
  assert.is(all['POLITE'], 'Good day, please');

  const text = await world.hop3('env', 'show', '--sources', '--app', 'many');
  assert.match(text.stdout, /^NAME +VALUE +FROM +INSTEAD OF$/m);
  assert.match(text.stdout, /^GREETING +\[hidden\] +operator +hop3\.toml, build$/m);
  assert.match(text.stdout, 'Where several have a value, the last of these wins: build, addon, admin, hop3.toml, computed, generated, operator, built-in');
  assert.not.match(text.output, env['SECRET_KEY']!);
});

test('a generated value stays over pushes and rollbacks, is the operator\'s once set by hand, and is made anew once unset', async ({ world }) => {
  const first = await seen(world, 'many');
  const sourceOf = async (name: string) => (JSON.parse((await world.hop3('env', 'show', '--sources', '--json', '--app', 'many')).stdout) as Shown).variables.find((one) => one.name === name)?.source;
  assert.is((await world.hop3('rollback', 'v1', '--app', 'many')).code, 0);
  assert.is((await seen(world, 'many'))['SECRET_KEY'], first['SECRET_KEY']);
  assert.is(await sourceOf('SECRET_KEY'), 'generated');
  assert.is((await world.hop3('env', 'set', 'SECRET_KEY=by-hand', '--app', 'many')).code, 0);
  assert.is(await sourceOf('SECRET_KEY'), 'operator');
  assert.is((await world.hop3('env', 'unset', 'SECRET_KEY', '--app', 'many')).code, 0);
  assert.is(await sourceOf('SECRET_KEY'), 'generated');
  const anew = (await seen(world, 'many'))['SECRET_KEY']!;
  assert.match(anew, /^[0-9a-f]{32}$/);
  assert.is.not(anew, first['SECRET_KEY']);
});

test('_policy = "override": hop3.toml beats the operator, and the order says so', async ({ world }) => {
  const strict = await world.repo('strict', { ...runtime(ECHO_WEB), 'hop3.toml': '[env]\n_policy = "override"\nLEVEL = "file"\n' });
  assert.is((await strict.push()).code, 0);
  assert.is((await world.hop3('env', 'set', 'LEVEL=operator', 'OTHER=operator', '--app', 'strict')).code, 0);
  const env = await seen(world, 'strict');
  assert.equal([env['LEVEL'], env['OTHER']], ['file', 'operator']);
  const shown = JSON.parse((await world.hop3('env', 'show', '--sources', '--json', '--app', 'strict')).stdout) as Shown;
  assert.equal(shown.order, ['build', 'addon', 'admin', 'generated', 'operator', 'hop3.toml', 'computed', 'built-in']);
  const level = shown.variables.find((one) => one.name === 'LEVEL')!;
  assert.equal([level.value, level.source, level.hides], ['file', 'hop3.toml', ['operator']]);
});

test('[admin] create runs once, when the app is up, with the account in its environment; a failure is told and tried again', async ({ world }) => {
  const create = `[admin]
username = "root"
email = "root@example.org"
create = '''
set -eu
test -e allowed || { echo "no allowed yet" >&2; exit 3; }
curl -fsS "http://$BIND_ADDRESS:$PORT/" >/dev/null
printf '%s %s %s\\n' "$HOP3_ADMIN_USER" "$HOP3_ADMIN_EMAIL" "$HOP3_ADMIN_PASSWORD" >>accounts
'''
`;
  const blog = await world.repo('blog', { ...runtime(ECHO_WEB), 'hop3.toml': create });
  const failed = await blog.push();
  assert.is(failed.code, 0, failed.output);
  assert.match(told(failed), "remote: -----> Making the administrator's account ([admin] create)");
  assert.match(told(failed), 'remote:        no allowed yet');
  assert.match(told(failed), 'remote:  !     [admin] create failed: exit code 3. The release is live without it; the next push tries again.');
  const data = join(world.root, 'apps/blog/data');
  await writeFile(join(data, 'allowed'), '');
  await blog.commit('again', { 'note.txt': 'x\n' });
  const again = await blog.push();
  assert.is(again.code, 0, again.output);
  assert.not.match(told(again), 'failed');
  const password = (await seen(world, 'blog'))['HOP3_ADMIN_PASSWORD']!;
  assert.is((await exec('cat', [join(data, 'accounts')])).stdout, `root root@example.org ${password}\n`);
  await blog.commit('and again', { 'note.txt': 'y\n' });
  assert.not.match(told(await blog.push()), '[admin] create');
  assert.is((await world.hop3('env', 'set', 'A=b', '--app', 'blog')).code, 0);
  assert.is((await exec('cat', [join(data, 'accounts')])).stdout, `root root@example.org ${password}\n`, 'once');
});

test('a new key for what is stored: an administrator asks for it, and values survive it and a restart of the server', async ({ world }) => {
  const shown = await world.hop3('env', 'show', '--values', '--app', 'blog', '--json');
  const key = await readFile(join(world.root, 'secret.key'), 'utf8');
  const { token } = JSON.parse((await world.hop3('token', 'create', '--app', 'blog', '--name', 'ci', '--json')).stdout) as { token: string };
  assert.is((await world.api('/api/v1/server/secret-key', { method: 'POST', token })).status, 403);
  assert.is(await readFile(join(world.root, 'secret.key'), 'utf8'), key);
  const changed = await world.hop3('server', 'rotate-key');
  assert.is(changed.code, 0, changed.output);
  assert.match(changed.stderr, /A new key is in .*secret\.key; \d+ stored secrets are encrypted with it, and the key before it is gone from there\./);
  assert.is.not(await readFile(join(world.root, 'secret.key'), 'utf8'), key);
  const server = await world.serverPid();
  process.kill(server, 'SIGKILL');
  await until('a server again', async () => (await world.serverPid()) !== server && (await world.api('/healthz').catch(() => null))?.status === 200);
  assert.is((await world.hop3('env', 'show', '--values', '--app', 'blog', '--json')).stdout, shown.stdout);
  assert.is((await world.hop3('restart', '--app', 'blog')).code, 0);
  assert.match((await world.hop3('status', '--server-log')).stdout, /changed the key of the stored secrets: \d+ values are encrypted anew/);
});

test.run();
