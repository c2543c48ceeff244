import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/config/read.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { runtimeEnv, startScriptText } from '../start-script-text.ts';

/** What the deployer gives a worker, and what addons would. */
const ENV = {
  PORT: '4321', BIND_ADDRESS: '127.0.0.1', HOP3_PUBLIC_URL: 'http://app.example', HOP3_ADMIN_USER: 'admin', HOP3_ADMIN_EMAIL: 'a@example.org',
  HOP3_ADMIN_PASSWORD: 'p "w\' $x', ADMIN_USERNAME: 'admin', ADMIN_PASSWORD: 'secret', PGHOST: 'db', PGPORT: '5433', PGUSER: 'me', PGPASSWORD: 'pw', PGDATABASE: 'data',
  MYSQL_HOST: 'my', MYSQL_DATABASE: 'data', MYSQL_USER: 'me', MYSQL_PASSWORD: 'pw', APP_KEY: 'base64:key',
};

/** Stands for every program: says how it was called. */
const PROGRAM = '#!/bin/sh\nprintf "%s" "$0"; for word; do printf " <%s>" "$word"; done; echo\n';

/** Runs an app's start script with stand-ins for all that the store would hold; gives what these said, and the files that were written. */
function start(dir: string, expression: string) {
  const [store, data] = [join(dir, 'store'), join(dir, 'data')];
  mkdirSync(data, { recursive: true });
  const stands = (code: string) => (code.startsWith('pkgs.runtimeShell') ? '/bin/sh' : join(store, code === 'placeholder "out"' ? 'out' : code));
  const script = startScriptText(expression, stands);
  for (const [path] of script.matchAll(new RegExp(`${store}/[^\\s"';:)\`]*`, 'g'))) stand(path);
  writeFileSync(join(dir, 'start'), script);
  const env = { PATH: '/usr/bin:/bin', HOME: data, ...ENV, ...runtimeEnv(expression, stands) };
  const ran = spawnSync('sh', [join(dir, 'start')], { cwd: data, encoding: 'utf8', env, timeout: 20_000 });
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.path, entry.name));
  const shown = (text: string) => text.replaceAll(`${store}/`, '').replaceAll(data, '<data>').trim();
  return {
    code: ran.status, said: shown(ran.stdout).split('\n'), errors: ran.stderr.trim(),
    files: new Map(files.map((file) => [file.slice(data.length + 1), shown(readFileSync(file, 'utf8'))])),
  };
}

function stand(path: string): void {
  // What serves PHP runs the words that it is given.
  const text = path.endsWith('/hop3_serve') ? 'exec "$@"\n' : /\/bin\/[^/]+$/.test(path) ? PROGRAM : null;
  mkdirSync(text === null ? path : dirname(path), { recursive: true });
  if (text === null) return;
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

const PHP = 'hop3_php/bin/php <-q> <-d> <error_log=/dev/stderr> <-d> <session.save_path=<data>/.hop3-sessions> <-d> <session.gc_probability=1> <-S> <127.0.0.1:4321> <-t>';

/** The programs that each app's script runs, the last of which is the app; known by the names that expressions have for their places. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  adminer: [`${PHP} <hop3_app/app> <hop3_router>`],
  bookstack: [
    'hop3_php/bin/php <artisan> <migrate> <--force>',
    'hop3_php/bin/php <artisan> <bookstack:create-admin> <--email=a@example.org> <--name=admin> <--password=p "w\' $x>',
    'hop3_php/bin/php <<data>/artisan> <serve> <--host=127.0.0.1> <--port=4321> <--no-reload>',
  ],
  bugsink: [
    'hop3_venv/bin/bugsink-create-conf <--template> <docker> <--host> <localhost> <--port> <4321> <-o> <bugsink_conf.py>',
    'hop3_venv/bin/bugsink-manage <migrate> <--noinput>',
    'hop3_venv/bin/gunicorn <bugsink.wsgi:application> <--bind> <0.0.0.0:4321> <--pythonpath> <.> <--access-logfile> <-> <--error-logfile> <->',
  ],
  dolibarr: [`${PHP} <<data>/htdocs> <hop3_router>`],
  'easy-appointments': ['hop3_php/bin/php <index.php> <console> <install>', `${PHP} <<data>> <hop3_router>`],
  etherpad: ['hop3_package/bin/etherpad-lite <--settings> <<data>/settings.json> <--sessionkey> <<data>/SESSIONKEY.txt> <--apikey> <<data>/APIKEY.txt>'],
  focalboard: ['hop3_app/bin/focalboard-server'],
  forgejo: ['hop3_package/bin/forgejo <web>'],
  gitea: ['hop3_package/bin/gitea <web>'],
  grafana: ['hop3_package/bin/grafana <server> <--homepath> <grafana/share/grafana> <--config> <<data>/conf/custom.ini>'],
  isso: ['hop3_venv/bin/isso <-c> <isso-runtime.cfg>'],
  jenkins: ['hop3_jdk/bin/java <-Djava.awt.headless=true> <-Djenkins.install.runSetupWizard=false> <-jar> <out/app/jenkins.war> <--httpPort=4321>'],
  kanboard: [`${PHP} <hop3_app/app> <hop3_router>`],
  limesurvey: ['hop3_php/bin/php <application/commands/console.php> <install> <admin> <password123> <Admin> <admin@example.com>', `${PHP} <<data>> <hop3_router>`],
  listmonk: ['hop3_package/bin/listmonk <--install> <--yes> <--config> <config.toml>', 'hop3_package/bin/listmonk <--config> <config.toml>'],
  miniflux: ['hop3_app/bin/miniflux.app'],
  owncast: ['hop3_package/bin/owncast <--webserverport> <4321> <--webserverip> <0.0.0.0> <--database> <data/owncast.db>'],
  radicale: ['hop3_package/bin/radicale <--config> <config>'],
  searxng: ['hop3_package/bin/searxng-run'],
  vikunja: ['hop3_app/bin/api'],
  'wiki-js': ['hop3_node/bin/node <hop3_app/server/index.js>'],
  wordpress: ['hop3_php/bin/php <wp-install.php>', `${PHP} <<data>> <hop3_router>`],
};

/** A line of a file that each of these writes for itself. */
const WRITES: Readonly<Record<string, readonly [string, string]>> = {
  bookstack: ['.env', 'APP_URL=http://app.example'],
  bugsink: ['bugsink_conf.py', 'ALLOWED_HOSTS = ["*"]'],
  'easy-appointments': ['config.php', "    const DB_HOST      = 'my';"],
  etherpad: ['settings.json', '    "port": 5433,'],
  focalboard: ['config.json', '  "webpath": "hop3_app/share/focalboard/webapp-pack",'],
  forgejo: ['custom/conf/app.ini', 'HOST = db:5433'],
  gitea: ['custom/conf/app.ini', 'ROOT_URL = http://localhost:4321/'],
  grafana: ['conf/custom.ini', 'http_port = 4321'],
  isso: ['isso-runtime.cfg', 'listen = http://127.0.0.1:4321'],
  limesurvey: ['application/config/config.php', '      "connectionString" => "pgsql:host=" . getenv("PGHOST") . ";port=" . getenv("PGPORT") . ";dbname=" . getenv("PGDATABASE"),'],
  listmonk: ['config.toml', 'address = "0.0.0.0:4321"'],
  radicale: ['config', 'type = none'],
  vikunja: ['config.yml', '  publicurl: "http://app.example/"'],
  'wiki-js': ['config.yml', '  user: me'],
};

const corpus = process.env['HOP3_CORPUS'] ?? '';
const starting = suite('nix: the start scripts of real hop3.toml files');

for (const app of existsSync(corpus) ? readdirSync(corpus).sort() : []) {
  starting(`${app} writes its files and comes as far as its program`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hop3-corpus-start-'));
    try {
      const { expression } = renderTemplate(await readConfig(join(corpus, app)), app);
      const { code, said, errors, files } = start(dir, expression);
      assert.is(code, 0, errors);
      assert.is(errors, '');
      assert.equal(said, CALLS[app]);
      const [file, line] = WRITES[app] ?? ['', ''];
      if (file !== '') assert.ok(files.get(file)?.split('\n').includes(line), `${file}: ${files.get(file)}`);
      for (const [name, text] of files) {
        assert.not.match(text, '${');
        if (name.endsWith('.json')) JSON.parse(text);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
}

if (existsSync(corpus)) starting.run();
else console.log(`skipped: no corpus at "${corpus}" (HOP3_CORPUS)`);
