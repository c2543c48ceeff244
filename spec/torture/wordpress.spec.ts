// limit: 600
import { mkdtemp, rm } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { whenUp } from '../e2e/addon-world.ts';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';
import { told } from '../e2e/tiny-apps.ts';
import { exec, World, type Answer, type Ran, type Repo } from '../e2e/world.ts';
import { wordPressSource, type WordPressSource } from './wordpress-source.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; repo: Repo; keeper: Keeper }>('WordPress with its database');

const dir = await mkdtemp('/var/tmp/hop3-wordpress-');
const source = await wordPressSource(dir);
const php = await exec('php', ['-m']).catch(() => null);
const lacks = php === null ? ['php'] : ['mysqli', 'mbstring'].filter((name) => !php.stdout.includes(name));
const reason = typeof source === 'string' ? source : lacks.length > 0 ? `PHP here lacks ${lacks.join(' and ')}` : null;

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => {
  if (typeof source !== 'string') source.close();
  await world.stop();
  await rm(dir, { recursive: true, force: true });
});

function done(ran: Ran): Ran {
  assert.is(ran.code, 0, ran.output);
  return ran;
}

/** Somebody with WordPress' cookies. */
class Keeper {
  readonly #world: World;
  #cookies = new Map([['wordpress_test_cookie', 'WP%20Cookie%20check']]);

  constructor(world: World) {
    this.#world = world;
  }

  async ask(path: string, options: { method?: string; body?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#world.get('blog', path, { ...options, headers: { cookie, ...options.headers } });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      this.#cookies.set(name!, value!);
    }
    return answer;
  }

  login(password: string): Promise<Answer> {
    return this.ask('/wp-login.php', { method: 'POST', body: new URLSearchParams({ log: 'keeper', pwd: password, testcookie: '1' }).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  }

  /** WordPress' own API, as its editor uses it. */
  async make(route: string, body: string, headers: Record<string, string>): Promise<Answer> {
    const nonce = (await this.ask('/wp-admin/admin-ajax.php?action=rest-nonce')).body;
    return this.ask(`/?rest_route=${route}`, { method: 'POST', body, headers: { 'x-wp-nonce': nonce, ...headers } });
  }
}

test('the example is pushed, installed without a click, and written to', async (context) => {
  const { world } = context;
  const { version, url, sha256 } = source as WordPressSource;
  context.repo = await world.repo('blog', 'real-apps-nix-gen/wordpress');
  await context.repo.edit('hop3.toml', (text) => text
    .replace(/^version = .*$/m, `version = "${version}"`).replace(/^url = .*$/m, `url = "${url}"`).replace(/^sha256 = .*$/m, `sha256 = "${sha256}"`)
    // What is not part of WordPress' own needs may be missing on the machine that runs this.
    .replace(/^php-extensions = .*$/m, 'php-extensions = ["mbstring", "mysqli"]'));
  await context.repo.commit('Debian\'s WordPress');
  const first = done(await context.repo.push());
  assert.match(told(first), 'remote: -----> Making the addon blog-mysql (MariaDB)');
  assert.match(told(first), 'remote:        WordPress is installed; the account is keeper');
  assert.match((await world.get('blog')).body, /A new site/);
  const password = /HOP3_ADMIN_PASSWORD: (\S+) \(made now, shown only here\)/.exec(told(first))![1]!;
  context.keeper = new Keeper(world);
  assert.is((await context.keeper.login(password)).status, 302);
  assert.match((await context.keeper.ask('/wp-admin/')).body, /Dashboard/);
  const post = await context.keeper.make('/wp/v2/posts', JSON.stringify({ title: 'Grüße 🍏', content: 'written by hand', status: 'publish' }), { 'content-type': 'application/json' });
  assert.is(post.status, 201, post.body);
  const upload = await context.keeper.make('/wp/v2/media', 'an uploaded file', { 'content-type': 'text/plain', 'content-disposition': 'attachment; filename="note.txt"' });
  assert.is(upload.status, 201, upload.body);
});

/** All that was written is there, and whoever was logged in still is. */
async function allThere({ world, keeper }: { world: World; keeper: Keeper }): Promise<void> {
  assert.match(await whenUp(world, 'blog'), /Grüße 🍏/);
  const [media] = JSON.parse((await keeper.ask('/?rest_route=/wp/v2/media')).body) as [{ source_url: string }];
  assert.is((await world.get('blog', new URL(media.source_url).pathname)).body, 'an uploaded file');
  assert.match((await keeper.ask('/wp-admin/')).body, /Dashboard/);
}

test('posts, uploads and logins outlive a second push, a rollback, a new password of the database, a restart of everything', async (context) => {
  const { world, repo } = context;
  await repo.commit('again', { 'note.txt': 'x\n' });
  assert.not.match(told(done(await repo.push())), /Making the addon|made now|is installed/);
  await allThere(context);
  done(await world.hop3('rollback', 'v1', '--app', 'blog'));
  await allThere(context);
  done(await world.hop3('addon', 'credentials', 'blog-mysql', '--rotate', '--app', 'blog'));
  await allThere(context);
  done(await world.hop3('down'));
  await world.up();
  await allThere(context);
});

test('settings and the installer are not for visitors', async ({ world }) => {
  assert.is((await world.get('blog', '/wp-config.php')).body, '');
  assert.is((await world.get('blog', '/install.php')).status, 404);
});

if (reason === null) test.run();
else {
  await rm(dir, { recursive: true, force: true });
  console.log(`skipped: WordPress: ${reason}`);
  suite('WordPress with its database').run();
}
