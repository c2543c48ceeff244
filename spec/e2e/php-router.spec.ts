import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CHECKOUT, exec, freePort, until } from './world.ts';

/** The router that PHP apps are served with, on PHP's own server. */
class Served {
  readonly dir = mkdtempSync(join(tmpdir(), 'hop3-router-'));
  port = 0;
  #child: ChildProcess | null = null;

  async start(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, name)), { recursive: true });
      writeFileSync(join(this.dir, name), text);
    }
    this.port = await freePort();
    this.#child = spawn('php', ['-n', '-q', '-S', `127.0.0.1:${this.port}`, '-t', this.dir, join(CHECKOUT, 'nix-templates/php/router.php')], { stdio: 'ignore' });
    await until('PHP to listen', () => this.get('/').then(() => true, () => false));
  }

  /** Status and body; the path goes to the server as it stands. */
  get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: this.port, path, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => resolve(`${response.statusCode} ${text.trim()}`));
      });
      call.on('error', reject);
      call.end();
    });
  }

  end(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }
}

const router = suite<{ served: Served }>('what PHP\'s own server may answer');
router.before.each((context) => { context.served = new Served(); });
router.after.each(({ served }) => served.end());

const SHOW = '<?php echo $_SERVER["SCRIPT_NAME"], " ", $_SERVER["PATH_INFO"] ?? "-", " ", $_SERVER["PHP_SELF"], " ", basename($_SERVER["SCRIPT_FILENAME"]), " ", getcwd() === dirname($_SERVER["SCRIPT_FILENAME"]) ? "here" : getcwd(), " ", implode(",", array_diff(array_keys(get_defined_vars()), ["_GET", "_POST", "_COOKIE", "_FILES", "argv", "argc", "_SERVER"]));';

router('an app sees what it would see without a router', async ({ served }) => {
  await served.start({ 'index.php': SHOW, 'page.php': SHOW, 'shop/index.php': SHOW, 'style.css': 'body {}' });
  const seen = async (path: string) => (await served.get(path)).replace(/hop3_answer/, '').trim();
  assert.is(await seen('/'), '200 /index.php - /index.php index.php here');
  assert.is(await seen('/a/b?x=1'), '200 /index.php /a/b /index.php/a/b index.php here');
  assert.is(await seen('/page.php/more'), '200 /page.php /more /page.php/more page.php here');
  assert.is(await seen('/shop/'), '200 /shop/index.php - /shop/index.php index.php here');
  assert.is(await seen('/style.css'), '200 body {}');
  assert.is(await seen('/feed.xml?x=.y'), '200 /index.php /feed.xml /index.php/feed.xml index.php here');
  assert.match(await seen('/no.css'), '404 ');
  assert.match(await seen('/no.php'), '404 ');
});

router('hidden files are not there, however they are asked for', async ({ served }) => {
  await served.start({ 'index.php': 'the app', '.env': 'SECRET', '.git/config': 'SECRET', 'a/.hidden/b.txt': 'SECRET', '.well-known/x': 'for everybody', '.well-known/.y': 'SECRET', 'a/.htpasswd.php': '<?php echo "SECRET";' });
  for (const path of ['/.env', '/%2eenv', '/%2Eenv', '//.env', '/./.env', '/a/../.env', '/.env/', '/.env?a', '/.env#a', '/.git/config', '/.git/', '/.git', '/a/.hidden/b.txt', '/.well-known/.y', '/a/.htpasswd.php', '/a/.htpasswd.php/x', '/x%00/../.env']) {
    const answer = await served.get(path).catch((error: Error) => error.message);
    assert.not.match(answer, 'SECRET', path);
  }
  assert.is(await served.get('/.well-known/x'), '200 for everybody');
  // No file has this name, so it is a path of the app.
  assert.is(await served.get('/tags/.net'), '200 the app');
});

router('a directory that the app closes for Apache is closed', async ({ served }) => {
  await served.start({
    'index.php': 'the app', 'data/.htaccess': '<IfModule mod_authz_core.c>\n  Require all denied\n</IfModule>\n<IfModule !mod_authz_core.c>\n  Deny from all\n</IfModule>\n',
    'data/shop.sqlite': 'rows', 'data/x/y.php': '<?php echo "run";', 'data/public/.htaccess': 'Require all granted\n', 'data/public/a.txt': 'open',
    'files/.htaccess': '<FilesMatch "\\.php$">\nRequire all denied\n</FilesMatch>\n', 'files/a.txt': 'open',
  });
  assert.is(await served.get('/data/shop.sqlite'), '403 Forbidden');
  assert.is(await served.get('/data/x/y.php'), '403 Forbidden');
  assert.is(await served.get('/data/missing.sqlite'), '403 Forbidden');
  assert.is(await served.get('/data/public/a.txt'), '200 open');
  assert.is(await served.get('/files/a.txt'), '200 open');
});

router('a link to a hidden file is a file like another', async ({ served }) => {
  await served.start({ 'index.php': 'the app', '.hidden/a.txt': 'linked on purpose' });
  symlinkSync('.hidden/a.txt', join(served.dir, 'a.txt'));
  assert.is(await served.get('/a.txt'), '200 linked on purpose');
});

if ((await exec('sh', ['-c', 'command -v php'])).code === 0) router.run();
else console.log('skipped: PHP is not installed (scripts/ensure-tools.sh --for test)');
