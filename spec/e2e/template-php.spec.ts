// limit: 400
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ComposerRepository } from './composer-repository.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { told } from './tiny-apps.ts';
import { until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);

interface Context { world: World; files: ComposerRepository }
const php = suite<Context>('a PHP app from [nix] alone');
php.before(async (context) => {
  context.world = await World.start();
  context.files = await ComposerRepository.start();
});
php.after(async ({ world, files }) => {
  await world.stop();
  await files.end();
});

/** The app's own text of a page. */
const get = async (world: World, app: string, path: string, headers: Record<string, string> = {}) => world.get(app, path, { headers });

php('pages are served from the store: PHP, plain files, paths without a file, and none of the hidden ones', async ({ world }) => {
  const plain = await world.repo('php-plain', 'test-apps-nix/php-plain');
  await plain.commit('with hidden files', { 'public/.env': 'SECRET=1\n', 'public/private/.htaccess': 'Require all denied\n', 'public/private/shop.sqlite': 'rows\n', 'public/.well-known/security.txt': 'Contact: me\n', 'public/broken.php': '<?php nothing();' });
  const pushed = await plain.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), 'Template mode: php-app (tier 2');

  assert.match((await get(world, 'php-plain', '/')).body, 'It is served by PHP 8');
  assert.match((await get(world, 'php-plain', '/about.php')).body, 'A page of its own');
  const style = await get(world, 'php-plain', '/style.css');
  assert.match(style.headers['content-type'] ?? '', 'text/css');
  const sitemap = await get(world, 'php-plain', '/sitemap.xml');
  assert.is(sitemap.status, 200);
  assert.match(sitemap.body, '<urlset');
  assert.match((await get(world, 'php-plain', '/a/b')).body, 'B is not one of the pages.');
  assert.is((await get(world, 'php-plain', '/no.png')).status, 404);
  const broken = await get(world, 'php-plain', '/broken.php');
  assert.is(broken.status, 500);
  assert.is(broken.body, '', 'visitors are not told');

  // A log of what went wrong, and of nothing else.
  const logs = await world.hop3('logs', '--app', 'php-plain');
  assert.match(logs.output, 'PHP Fatal error:  Uncaught Error: Call to undefined function nothing()');
  assert.not.match(logs.output, 'Accepted');

  for (const path of ['/.env', '/%2eenv', '/./.env', '//.env', '/.env?x=1', '/private/shop.sqlite', '/private%2fshop.sqlite', '/../hop3.toml', '/hop3.toml']) {
    const answer = await get(world, 'php-plain', path);
    assert.not.match(answer.body, /SECRET|rows|template =/, path);
    assert.ok(answer.status >= 400, `${path}: ${answer.status}`);
  }
  assert.is((await get(world, 'php-plain', '/.well-known/security.txt')).body, 'Contact: me\n');
});

php('a session outlives a deploy, and a deploy waits for the request that PHP is answering', async ({ world }) => {
  const app = await world.repo('sessions', 'test-apps-nix/php-plain');
  await app.commit('a slow page', { 'public/slow.php': '<?php sleep(3); echo "slow and whole";' });
  assert.is((await app.push()).code, 0);
  const first = await get(world, 'sessions', '/visits');
  const cookie = /PHPSESSID=[^;]+/.exec(String(first.headers['set-cookie']))?.[0] ?? '';
  assert.match(first.body, 'You were here 1 times.');

  let slow: Promise<{ status: number; body: string }> | null = null;
  await app.commit('another', { 'public/new.php': '<?php echo "new";' });
  const pushing = app.push();
  const asking = setInterval(() => { slow ??= get(world, 'sessions', '/slow.php'); }, 1000);
  const pushed = await pushing;
  clearInterval(asking);
  assert.is(pushed.code, 0, pushed.output);
  slow ??= get(world, 'sessions', '/slow.php');
  assert.equal([(await slow).status, (await slow).body], [200, 'slow and whole']);
  assert.is((await get(world, 'sessions', '/new.php')).body, 'new');
  assert.match((await get(world, 'sessions', '/visits', { cookie })).body, 'You were here 2 times.');
});

php('an app that writes beside its files keeps what it wrote; its files are the release\'s', async ({ world }) => {
  const book = await world.repo('php-writable', 'test-apps-nix/php-writable');
  const pushed = await book.push();
  assert.is(pushed.code, 0, pushed.output);
  const write = (text: string) => world.get('php-writable', '/', { method: 'POST', body: `text=${encodeURIComponent(text)}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  assert.is((await write('first & <b>')).status, 303);
  const page = await get(world, 'php-writable', '/');
  assert.match(page.body, '<h1>Ann&#039;s guest book for $5</h1>');
  assert.match(page.body, '<li>first &amp; &lt;b&gt;</li>');

  const data = join(world.root, 'apps', 'php-writable', 'data');
  const settings = await readFile(join(data, 'config/settings.php'), 'utf8');
  assert.match(settings, "$settings = [\n    'title' => <<<'TEXT'\nAnn's guest book for $5\nTEXT,\n    'footer' => '',");
  assert.not.ok(existsSync(join(data, 'hop3.toml')), 'Hop3\'s own files are no part of the app');

  await book.edit('public/index.php', (text) => text.replace('<h1>', '<p>second release</p><h1>'));
  await rm(join(book.dir, 'bin/prepare.php'));
  await book.edit('hop3.toml', (text) => text.replace('PHPBIN/php bin/prepare.php', 'test ! -e bin/prepare.php'));
  await book.commit('second');
  const again = await book.push();
  assert.is(again.code, 0, again.output);
  assert.is((await write('second')).status, 303);
  const both = await get(world, 'php-writable', '/');
  assert.match(both.body, '<p>second release</p>');
  assert.match(both.body, /first &amp;[\s\S]*<li>second<\/li>/);

  // A release that fails had its files in the same place.
  await book.edit('public/index.php', (text) => text.replace('second release', 'third release').replace("require __DIR__ . '/../guestbook.php';", "require __DIR__ . '/../missing.php';"));
  await book.edit('hop3.toml', (text) => `${text}\n[run]\nstart-timeout = 4\n`);
  await book.commit('third');
  const failed = await book.push();
  assert.is(failed.code, 1, failed.output);
  let page2 = both;
  await until('the second release\'s own page', async () => {
    page2 = await get(world, 'php-writable', '/');
    return page2.status === 200;
  });
  assert.match(page2.body, '<p>second release</p>');
  assert.match(page2.body, /first &amp;[\s\S]*<li>second<\/li>/);
});

php('one PHP file, fetched by its url: without its hash the push prints the line to paste', async ({ world, files }) => {
  const tool = `<?php echo "one file, made ${Date.now()}, PHP ", PHP_MAJOR_VERSION;\n`;
  files.serve('tool-2.1.php', tool);
  const toml = (hash: string) => `[metadata]\nid = "one-file"\nversion = "2.1"\n[nix]\ntemplate = "php-app"\nurl = "${files.url}/tool-\${version}.php"\n${hash}single-file = true\nextra-paths = ["\${php}/bin"]\n`;
  const app = await world.repo('one-file', { 'hop3.toml': toml('') });
  const without = await app.push();
  const sha256 = createHash('sha256').update(tool).digest('base64');
  assert.is(without.code, 1);
  assert.match(told(without), `sha256 = "sha256-${sha256}"`);
  await app.commit('with the hash', { 'hop3.toml': toml(`sha256 = "${sha256}"\n`) });
  const pushed = await app.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), "php-version is not given: the package set's default PHP");
  assert.match((await get(world, 'one-file', '/')).body, /^one file, made \d+, PHP 8$/);
});

php('an archive, its web root, and files of the pushed tree in it', async ({ world, files }) => {
  const tar = files.archive('shop-3.0', { 'htdocs/index.php': '<?php echo (require __DIR__ . "/../conf/settings.php")["name"];', 'conf/other.php': '<?php return [];' });
  files.serve('shop.tar.gz', tar);
  const app = await world.repo('archive', {
    'hop3.toml': `[nix]\ntemplate = "php-app"\nurl = "${files.url}/shop.tar.gz"\nsha256 = "${createHash('sha256').update(tar).digest('hex')}"\nweb-root = "htdocs"\nphp-version = "php82"\ninstall-files = ["conf"]\n`,
    'conf/settings.php': '<?php return ["name" => "from the pushed tree"];',
  });
  const pushed = await app.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await get(world, 'archive', '/')).body, 'from the pushed tree');
  await app.edit('hop3.toml', (text) => text.replace('"htdocs"', '"public"'));
  await app.commit('a wrong web root');
  const wrong = await app.push();
  assert.is(wrong.code, 1);
  assert.match(told(wrong), 'error: [nix] web-root: the app has no directory public');
});

php('what stands in the way of PHP is told before anything is built', async ({ world }) => {
  const app = await world.repo('refused', { 'hop3.toml': '[nix]\ntemplate = "php-app"\nphp-extensions = ["pdo_pgsq"]\nphp-version = "php82"\n', 'index.php': '<?php' });
  const unknown = await app.push();
  assert.is(unknown.code, 1);
  assert.match(told(unknown), "attribute 'pdo_pgsq' missing");
  await app.commit('old', { 'hop3.toml': '[nix]\ntemplate = "php-app"\nphp-version = "php81"\n' });
  const old = await app.push();
  assert.is(old.code, 1);
  assert.match(told(old), 'php82');
});

php('Laravel\'s way: artisan serves, on the port of the release', async ({ world }) => {
  // What artisan does, without Laravel: the options that it is given, and PHP's own server.
  const artisan = `#!/usr/bin/env php
<?php
$options = []; foreach ($argv as $arg) if (preg_match('/^--(\\w[\\w-]*)=?(.*)/', $arg, $m)) $options[$m[1]] = $m[2];
if ($argv[1] !== 'serve' || !isset($options['no-reload'])) exit(1);
passthru(escapeshellarg(PHP_BINARY) . " -S {$options['host']}:{$options['port']} -t " . __DIR__ . '/public');
`;
  const app = await world.repo('artisan', {
    'hop3.toml': '[nix]\ntemplate = "php-app"\nserve-mode = "artisan"\nneeds-writable-dir = true\nphp-extensions = ["pdo_sqlite"]\npre-exec = ["PHPBIN/php artisan-prepare", "./artisan-prepare"]\n',
    artisan, 'artisan-prepare': '#!/usr/bin/env php\n<?php file_put_contents(__DIR__ . "/prepared", PHP_VERSION . "\\n", FILE_APPEND);\n',
    'public/index.php': '<?php echo count(file(__DIR__ . "/../prepared")), " times prepared, ", extension_loaded("pdo_sqlite") ? "with" : "without", " sqlite";',
  });
  await chmod(join(app.dir, 'artisan-prepare'), 0o755);
  await app.commit('executable');
  const pushed = await app.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await get(world, 'artisan', '/')).body, '2 times prepared, with sqlite');
});

const composer = suite<Context>('a PHP app with composer');
composer.before(async (context) => {
  context.world = await World.start();
  context.files = await ComposerRepository.start();
});
composer.after(async ({ world, files }) => {
  await world.stop();
  await files.end();
});

composer('its packages come under one hash; a missing or old hash is printed as the line to paste', async ({ world, files }) => {
  const project = await files.project();
  const toml = (hash: string) => `[metadata]\nid = "shop"\nversion = "2024-edition"\n[nix]\ntemplate = "php-app"\nneeds-composer = true\nphp-version = "php82"\nweb-root = "public"\ncomposer-extra-flags = ["--optimize-autoloader"]\npost-install-dirs = ["storage"]\n${hash}`;
  const app = await world.repo('shop', {
    'hop3.toml': toml(''), ...project,
    'public/index.php': "<?php require __DIR__ . '/../vendor/autoload.php'; echo Acme\\Greeting::text(), is_dir(__DIR__ . '/../storage') ? ', stored' : '';",
  });
  const without = await app.push();
  assert.is(without.code, 1);
  const line = /composer-deps-hash = "sha256-[A-Za-z0-9+/]{43}="/.exec(told(without))?.[0];
  assert.ok(line, without.output);
  await app.commit('with the hash', { 'hop3.toml': toml(`${line}\n`) });
  const pushed = await app.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await get(world, 'shop', '/')).body, 'greetings from a package, stored');

  // Under its old name nix would take the old packages from the store.
  await app.commit('another lock file', await files.project({ description: 'another shop' }));
  const changed = await app.push();
  assert.is(changed.code, 1);
  const next = /composer-deps-hash = "sha256-[A-Za-z0-9+/]{43}="/.exec(told(changed))?.[0];
  assert.ok(next && next !== line, changed.output);
  assert.is((await get(world, 'shop', '/')).body, 'greetings from a package, stored', 'what was live still is');
});

composer('a tree without composer.lock is told what to do', async ({ world, files }) => {
  const { 'composer.json': json } = await files.project();
  const app = await world.repo('no-lock', { 'hop3.toml': '[nix]\ntemplate = "php-app"\nneeds-composer = true\n', 'composer.json': json, 'index.php': '<?php' });
  const pushed = await app.push();
  assert.is(pushed.code, 1);
  assert.match(told(pushed), 'The pushed tree has no composer.lock.');
  assert.match(told(pushed), 'Run composer update --no-install and commit composer.json and composer.lock.');
});

composer('a fetched app with composer runs from a writable copy', async ({ world, files }) => {
  const tar = files.archive('cart-1', { ...(await files.project()), 'index.php': "<?php require 'vendor/autoload.php'; file_put_contents('seen', 'x', FILE_APPEND); echo Acme\\Greeting::text(), ' ', filesize('seen'), is_writable('vendor') ? ' writable' : '';" });
  files.serve('cart.tar.gz', tar);
  const toml = (hash: string) => `[metadata]\nid = "cart"\nversion = "1"\n[nix]\ntemplate = "php-app"\nneeds-composer = true\nneeds-writable-dir = true\nurl = "${files.url}/cart.tar.gz"\nsha256 = "${createHash('sha256').update(tar).digest('hex')}"\n${hash}`;
  const app = await world.repo('cart', { 'hop3.toml': toml('') });
  const line = /composer-deps-hash = "[^"]+"/.exec(told(await app.push()))?.[0];
  await app.commit('with the hash', { 'hop3.toml': toml(`${line}\n`) });
  const pushed = await app.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match((await get(world, 'cart', '/')).body, /^greetings from a package \d+ writable$/);
  assert.is((await get(world, 'cart', '/.hop3-tree/files')).status, 404);
});

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
if (has('php8.2')) php.run();
else console.log('skipped: PHP 8.2 is not installed (scripts/ensure-tools.sh --for test)');
if (has('php8.2') && has('composer')) composer.run();
else console.log('skipped: composer is not installed (scripts/ensure-tools.sh --for test)');
