// limit: 300
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, runtime } from './tiny-apps.ts';
import { CHECKOUT, exec, freePort, World } from './world.ts';

await asOrdinaryUser(import.meta.url);

const canary = (what: string) => `canary-${what}-${randomBytes(12).toString('hex')}`;

/** Everything that was printed, and every argument list that was seen, while the spec ran. */
class Watch {
  readonly secrets = new Map<string, string>();
  readonly #printed: string[] = [];
  readonly #arguments = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), 15);
  }

  secret(name: string, value: string): string {
    assert.ok(value.length >= 16, `${name} is long enough to be told from chance`);
    this.secrets.set(name, value);
    return value;
  }

  take<T extends { output: string }>(ran: T): T {
    this.#printed.push(ran.output);
    return ran;
  }

  /** Which of the secrets stand in the text, by name. */
  in(text: string): string[] {
    return [...this.secrets].filter(([, value]) => text.includes(value) || text.includes(encodeURIComponent(value))).map(([name]) => name);
  }

  get printed(): string { return this.#printed.join('\n'); }
  get arguments(): string { return [...this.#arguments].join('\n'); }

  #look(): void {
    for (const pid of pids()) this.#arguments.add(procFile(pid, 'cmdline'));
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

function pids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** A file of a process, with spaces for NULs; empty when the process has gone or is another user's. */
function procFile(pid: number | string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

const test = suite<{ world: World; watch: Watch; marker: string }>('a secret stays where it belongs');

test.before(async (context) => {
  context.watch = new Watch();
  const nobody = await freePort();
  const url = context.watch.secret('password of HOP3_MYSQL_URL', canary('url'));
  context.world = await World.start({ HOP3_MYSQL_URL: `mysql://boss:${url}@127.0.0.1:${nobody}` });
  context.marker = join(context.world.home, 'marker');
  await writeFile(context.marker, '');
  await utimes(context.marker, new Date(), new Date(Date.now() - 1000));
});
test.after(async ({ world, watch }) => {
  watch?.end();
  await world?.stop();
});

const TOML = `[run]
before-run = "env; test ! -e refuse"

[env]
SECRET_KEY = { generate = "hex" }

[env.computed]
DSN = "host=\${PGHOST} password=\${PGPASSWORD} key=\${SECRET_KEY}"

[admin]
username = "root"
password = { generate = "password", length = 30 }
create = 'env; exit 1'

[[addons]]
type = "postgres"

[[addons]]
type = "redis"
`;

test('pushes that work and pushes that fail, with an app that prints its whole environment', async ({ world, watch }) => {
  const hop3 = async (args: string[], input = '') => watch.take(await exec(join(CHECKOUT, 'bin/hop3'), args, { env: world.env, cwd: world.home, input }));
  const shop = await world.repo('shop', { ...runtime(ECHO_WEB), 'hop3.toml': TOML });
  // Set before the first release, in two lines, and again as a release of its own.
  assert.is((await hop3(['app', 'create', '--app', 'shop'])).code, 0);
  const [one, two] = [watch.secret("an operator's first line", canary('one')), watch.secret("an operator's second line", canary('two'))];
  assert.is((await hop3(['env', 'set', 'BEFORE', '--stdin', '--app', 'shop'], `${one}\n${two}`)).code, 0);
  const first = watch.take(await shop.push());
  assert.is(first.code, 0, first.output);
  const late = watch.secret("an operator's", canary('late'));
  assert.is((await hop3(['env', 'set', 'LATER', '--stdin', '--app', 'shop'], late)).code, 0);
  const env = JSON.parse((await world.get('shop')).body) as Record<string, string>;
  assert.is(env['BEFORE'], `${one}\n${two}`);
  assert.is(env['LATER'], late);
  for (const name of ['SECRET_KEY', 'HOP3_ADMIN_PASSWORD', 'PGPASSWORD', 'REDIS_PASSWORD']) watch.secret(name, env[name]!);
  assert.match(env['DSN']!, `password=${env['PGPASSWORD']} key=${env['SECRET_KEY']}`);
  // What the app printed is in the log, with the secrets taken out.
  assert.match(first.output, 'SECRET_KEY=[hidden]');
  assert.match(first.output, 'PGPASSWORD=[hidden]');
  assert.match(first.output, 'HOP3_ADMIN_USER=root');
  assert.match(first.output, '[admin] create failed: exit code 1.');

  await shop.commit('again', { 'note.txt': 'x\n' });
  assert.is(watch.take(await shop.push()).code, 0);
  await exec('touch', [join(world.root, 'apps/shop/data/refuse')], { env: world.env });
  await shop.commit('refused', { 'note.txt': 'y\n' });
  const refused = watch.take(await shop.push());
  assert.is(refused.code, 1);
  assert.match(refused.output, 'before-run failed: exit code 1.');

  // Dies at its start, with its environment as its last words.
  const leaky = await world.repo('leaky', runtime('workers.web = "/usr/bin/env sh -c \'env; exit 3\'";'));
  assert.is((await hop3(['app', 'create', '--app', 'leaky'])).code, 0);
  assert.is((await hop3(['env', 'set', 'LEAK', '--stdin', '--app', 'leaky'], watch.secret('the one of an app that dies', canary('leak')))).code, 0);
  const died = watch.take(await leaky.push());
  assert.is(died.code, 1);
  assert.match(died.output, 'LEAK=[hidden]');
  // Destroyed with its own log, where what it printed itself stands as it printed it.
  assert.is((await hop3(['app', 'destroy', '--app', 'leaky', '--confirm', 'leaky'])).code, 0);

  // An operator's server that does not answer; a value that is refused.
  const blog = await world.repo('blog', { ...runtime(ECHO_WEB), 'hop3.toml': '[[addons]]\ntype = "mysql"\n' });
  const lost = watch.take(await blog.push());
  assert.is(lost.code, 1);
  assert.match(lost.output, 'does not let Hop3 in');
  const large = await hop3(['env', 'set', 'LARGE', '--stdin', '--app', 'shop'], `${late}${'x'.repeat(140_000)}`);
  assert.is(large.code, 2);
  // A slip of the hand: the value where the name should be.
  assert.is((await hop3(['env', 'set', late, '--app', 'shop'])).code, 2);
});

test('no push, command or process shows it', async ({ world, watch }) => {
  for (const args of [['status'], ['status', '--server-log'], ['server', 'info'], ['apps'], ['ps'], ['releases'], ['releases', 'show', 'v2'], ['builds'], ['builds', 'log', 'b1'], ['builds', 'log', 'b2'], ['builds', 'log', 'b4'], ['builds', 'show', 'b4'],
    ['logs', '-n', '1000'], ['addon', 'list'], ['addon', 'show', 'shop-postgres'], ['addon', 'types'], ['env', 'show', '--sources'], ['domains'], ['token', 'list']]) {
    for (const json of [[], ['--json']]) {
      const ran = watch.take(await world.hop3(...args, '--app', 'shop', ...json));
      assert.is(ran.code, 0, `${args.join(' ')}: ${ran.output}`);
    }
  }
  assert.equal(watch.in(watch.printed), []);
  // But for the one that the spec gave as an argument itself.
  assert.equal(watch.in(watch.arguments.split('\n').filter((line) => !line.includes(' env set canary-late-')).join('\n')), []);
  assert.ok(watch.arguments.includes('bwrap') && watch.arguments.includes('postgres'), 'processes were looked at');
});

test('no list of the API holds it, for an administrator or for the app\'s own token', async ({ world, watch }) => {
  const made = JSON.parse((await world.hop3('token', 'create', '--app', 'shop', '--name', 'ci', '--json')).stdout) as { token: string };
  const paths = ['/server', '/status', '/apps', '/apps/shop', '/apps/shop/ps', '/apps/shop/releases', '/apps/shop/releases/1', '/apps/shop/builds', '/apps/shop/builds/1', '/apps/shop/builds/1/log', '/apps/shop/builds/4/log',
    '/apps/shop/environment', '/apps/shop/addons', '/apps/shop/addons/shop-postgres', '/apps/shop/domains', '/addons', '/addons/types', '/apps/shop/env/NOBODY'];
  for (const token of [await world.token(), made.token]) {
    for (const path of paths) assert.equal(watch.in((await world.api(`/api/v1${path}`, { token })).body), [], path);
  }
  // What is asked for by name is given: it is what the app runs with.
  const asked = (await world.api('/api/v1/apps/shop/env', { token: made.token })).body + (await world.api('/api/v1/apps/shop/addons/shop-postgres/credentials', { token: made.token })).body;
  for (const name of ['SECRET_KEY', 'PGPASSWORD', "an operator's"]) assert.ok(watch.in(asked).includes(name), name);
});

test('no file of Hop3 holds it but the environment of the process that has it: database, logs, repositories, sandboxes', async ({ world, watch }) => {
  for (const [name, secret] of watch.secrets) {
    const found = await exec('grep', ['-rlaF', '--exclude-dir=env', secret, world.root]);
    assert.equal(found.stdout.split('\n').filter((line) => line !== ''), [], name);
  }
  const own = await exec('grep', ['-rlaF', watch.secrets.get('SECRET_KEY')!, world.root]);
  assert.match(own.stdout, /^\S+\/apps\/shop\/slots\/[ab]\/\S*env\/SECRET_KEY$/m, 'the search finds what is there');
});

test('no store path holds it, and no process outside the app\'s own sandbox has it in its environment', async ({ world, watch, marker }) => {
  const made = await exec('sh', ['-c', 'find /nix/store -mindepth 1 -maxdepth 1 -cnewer "$0" 2>/dev/null', marker]);
  // What is live may have been built before, by an earlier run of this spec.
  const live = await exec('sh', ['-c', `readlink -f ${world.root}/apps/*/slots/?/release`]);
  const paths = [...new Set(`${made.stdout}${live.stdout}`.split('\n').filter((path) => path !== '' && !path.endsWith('.lock')))];
  assert.match(live.stdout, '/nix/store/', 'the builds were looked at');
  for (const [name, secret] of watch.secrets) assert.is((await exec('grep', ['-rlaF', '-s', secret, ...paths])).stdout, '', name);

  const withSecrets: string[] = [];
  for (const { pid, command } of world.processes()) {
    const names = watch.in(procFile(pid, 'environ'));
    // The server is given the settings, and `hop3 up` by whoever starts it.
    const allowed = names.every((name) => name === 'password of HOP3_MYSQL_URL') && /\/server\.js$|\/hop3 up$|\bup$|^s6-svscan/.test(command.trim());
    const app = procFile(pid, 'status').match(/^NSpid:(.*)$/m)?.[1]?.trim().split(/\s+/).length ?? 1;
    if (names.length > 0 && !allowed && app < 2) withSecrets.push(`${command}: ${names.join(', ')}`);
  }
  assert.equal(withSecrets, []);
});

test.run();
