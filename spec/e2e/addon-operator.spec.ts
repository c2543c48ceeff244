// limit: 420
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectMysql } from '../../src/addons/mysql-client.ts';
import { connect } from '../../src/addons/postgres-client.ts';
import { needProgram, postgresBinDirs } from '../../src/addons/programs.ts';
import { holders, whenUp } from './addon-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { told } from './tiny-apps.ts';
import { exec, freePort, until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);

/** With what has a meaning in a URL, a shell, SQL and a configuration file. */
const PASSWORD = `op3ra@tor:/s ?#%41'"$(id)`;
const ROOT = { host: '127.0.0.1', user: 'root_of_all', password: 'the superuser of the specs' };

/** Database servers that no Hop3 started, as an operator may have them. */
class OwnServers {
  readonly dir = mkdtempSync('/var/tmp/hop3-operator-');
  readonly #started: ChildProcess[] = [];
  postgresPort = 0;
  mysqlPort = 0;

  async start(): Promise<void> {
    await Promise.all([this.#postgres(), this.#mysql()]);
  }

  postgres(database = 'postgres') { return connect({ ...ROOT, port: this.postgresPort }, database); }
  mysql() { return connectMysql({ ...ROOT, port: this.mysqlPort }); }
  get postgresUrl(): string { return `postgres://boss:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.postgresPort}`; }
  get mysqlUrl(): string { return `mysql://boss:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.mysqlPort}`; }

  async #postgres(): Promise<void> {
    this.postgresPort = await freePort();
    const data = join(this.dir, 'postgres');
    writeFileSync(join(this.dir, 'pw'), ROOT.password);
    const initdb = needProgram('initdb', 'PostgreSQL', 'postgresql', postgresBinDirs());
    const made = await exec(initdb, ['-D', data, '-U', ROOT.user, '-A', 'scram-sha-256', `--pwfile=${join(this.dir, 'pw')}`, '--locale=C.UTF-8']);
    assert.is(made.code, 0, made.output);
    this.#spawn(initdb.replace(/initdb$/, 'postgres'), ['-D', data, '-p', String(this.postgresPort), '-h', '127.0.0.1', '-k', this.dir]);
    await until('the operator\'s PostgreSQL', () => this.postgres().then((client) => client.end().then(() => true)).catch(() => false), 60);
    const client = await this.postgres();
    await client.query(`CREATE ROLE boss LOGIN NOSUPERUSER CREATEROLE CREATEDB PASSWORD '${PASSWORD.replaceAll("'", "''")}'`);
    await client.end();
  }

  async #mysql(): Promise<void> {
    this.mysqlPort = await freePort();
    const data = join(this.dir, 'mysql');
    const made = await exec(needProgram('mariadb-install-db', 'MariaDB', 'mariadb-server'), ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db']);
    assert.is(made.code, 0, made.output);
    const rights = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER, DELETE HISTORY, CREATE USER';
    const users = [
      `CREATE USER '${ROOT.user}'@'127.0.0.1' IDENTIFIED BY '${ROOT.password}'`, `GRANT ALL ON *.* TO '${ROOT.user}'@'127.0.0.1' WITH GRANT OPTION`,
      `CREATE USER 'boss'@'127.0.0.1' IDENTIFIED BY '${PASSWORD.replaceAll("'", "''")}'`, `GRANT ${rights} ON *.* TO 'boss'@'127.0.0.1' WITH GRANT OPTION`,
    ];
    writeFileSync(join(this.dir, 'users.sql'), `${users.join(';\n')};\n`);
    this.#spawn(needProgram('mariadbd', 'MariaDB', 'mariadb-server'), [
      '--no-defaults', `--datadir=${data}`, `--port=${this.mysqlPort}`, '--bind-address=127.0.0.1', '--skip-name-resolve', `--socket=${join(this.dir, 'm.sock')}`, `--pid-file=${join(this.dir, 'm.pid')}`, `--init-file=${join(this.dir, 'users.sql')}`,
    ]);
    await until('the operator\'s MariaDB', () => this.mysql().then((connection) => connection.end().then(() => true)).catch(() => false), 90);
  }

  #spawn(file: string, args: string[]): void {
    this.#started.push(spawn(file, args, { stdio: 'ignore', env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' } }));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((child) => new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve(null);
      child.once('exit', resolve);
      return child.kill('SIGKILL');
    })));
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

const test = suite<{ world: World; servers: OwnServers }>('addons on servers of the operator');
test.before(async (context) => {
  context.servers = new OwnServers();
  await context.servers.start();
  context.world = await World.start();
});
test.after(async ({ world, servers }) => {
  await world?.stop();
  await servers?.stop();
});

const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } };

/** Down, the settings, and up again. */
async function restartWith(world: World, settings: Record<string, string>): Promise<void> {
  assert.is((await world.hop3('down')).code, 0);
  Object.assign(world.env, settings);
  await world.up();
}

test('an addon that Hop3 runs itself stays there when the operator gives a server', async ({ world, servers }) => {
  const early = await world.repo('early', 'test-apps-nix/notes-postgres');
  assert.is((await early.push()).code, 0);
  await world.get('early', '/notes', { ...form, body: 'text=early' });
  await restartWith(world, { HOP3_POSTGRES_URL: servers.postgresUrl, HOP3_MYSQL_URL: servers.mysqlUrl });
  await whenUp(world, 'early');
  await early.commit('again', { 'note.txt': 'x\n' });
  const again = await early.push();
  assert.is(again.code, 0, again.output);
  assert.match((await world.get('early')).body, '<li>early</li>');
  const { addons } = JSON.parse((await world.hop3('addon', 'list', '--json')).stdout) as { addons: { name: string; server: string }[] };
  assert.equal(addons.map(({ name, server }) => [name, server]), [['early-postgres', 'own']]);
});

test('postgres: a role that may make roles and databases, and is no superuser, is enough', async ({ world, servers }) => {
  const notes = await world.repo('notes', 'test-apps-nix/notes-postgres');
  const pushed = await notes.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.not.match(told(pushed), 'making a server');
  await world.get('notes', '/notes', { ...form, body: 'text=kept+by+the+operator' });
  assert.match((await world.get('notes')).body, '<li>kept by the operator</li>');

  const client = await servers.postgres();
  const { rows } = await client.query("SELECT datname AS name, pg_get_userbyid(datdba) AS owner, has_database_privilege('public', datname, 'CONNECT') AS open FROM pg_database WHERE datname LIKE 'h!_%' ESCAPE '!'");
  assert.is(rows.length, 1);
  assert.match(rows[0].name as string, /^h_notes_postgres_[0-9a-f]{4}$/);
  assert.equal([rows[0].owner, rows[0].open], [rows[0].name, false]);
  const { rows: [role] } = await client.query('SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = $1', [rows[0].name]);
  assert.equal(role, { rolsuper: false, rolcreatedb: false, rolcreaterole: false });
  await client.end();

  assert.is((await world.hop3('addon', 'credentials', 'notes-postgres', '--rotate', '--app', 'notes')).code, 0);
  assert.match((await world.get('notes')).body, '<li>kept by the operator</li>');
  const dump = await world.hop3('addon', 'postgres', 'dump', 'notes-postgres', '--file', 'notes.sql', '--app', 'notes');
  assert.is(dump.code, 0, dump.output);
  await world.get('notes', '/notes', { ...form, body: 'text=after+the+dump' });
  const restore = await world.hop3('addon', 'postgres', 'restore', 'notes-postgres', '--file', 'notes.sql', '--app', 'notes', '--confirm', 'notes-postgres');
  assert.is(restore.code, 0, restore.output);
  assert.not.match((await world.get('notes')).body, 'after the dump');
  assert.match((await world.get('notes')).body, '<li>kept by the operator</li>');
});

test('mysql: so is a user who may make users and databases', async ({ world, servers }) => {
  const book = await world.repo('book', 'test-apps-nix/guestbook-mysql');
  const pushed = await book.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.not.match(told(pushed), 'making a server');
  await world.get('book', '/entries', { ...form, body: 'name=Ann&text=hello' });
  assert.match((await world.get('book', '/entries')).body, '"text":"hello"');
  const connection = await servers.mysql();
  const [databases] = await connection.query("SHOW DATABASES LIKE 'h!_%'".replace('!', '\\'));
  assert.is((databases as unknown[]).length, 1);
  await connection.end();
});

test('the settings\' password is in no log, argument list, file of an app or answer of the API', async ({ world, servers }) => {
  const admin = await world.token();
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) {
    // The server itself has the setting, in a directory of 0700 that the search leaves out with the workers' own.
    assert.equal(await holders(world, secret), []);
    for (const path of ['/server', '/status', '/apps', '/apps/notes', '/apps/notes/env', '/apps/notes/environment?values=all', '/apps/notes/addons', '/addons', '/addons/types', '/apps/notes/addons/notes-postgres/credentials', '/server/log?lines=1000']) {
      const answer = await world.api(`/api/v1${path}`, { token: admin });
      assert.is(answer.status, 200, path);
      assert.not.match(answer.body, secret, path);
    }
  }
  const info = await world.hop3('server', 'info');
  assert.match(info.stdout, new RegExp(`HOP3_POSTGRES_URL: +boss@127\\.0\\.0\\.1:${servers.postgresPort}`));
  const env = (await exec('sh', ['-c', `cat ${world.root}/apps/notes/slots/*/workers/*/env/* ${world.root}/apps/notes/slots/*/services/*/env/* 2>/dev/null`])).stdout;
  assert.ok(env.includes('postgresql://h_notes_postgres_'), 'the worker\'s environment was looked at');
  assert.not.match(env, PASSWORD);
});

test('a role that may not make databases is named with what it lacks, and nothing is left', async ({ world, servers }) => {
  const client = await servers.postgres();
  const roles = async () => (await client.query("SELECT count(*)::int AS n FROM pg_roles WHERE rolname LIKE 'h!_%' ESCAPE '!'")).rows[0].n as number;
  const before = await roles();
  await client.query('ALTER ROLE boss NOCREATEDB');
  const poor = await world.repo('poor', 'test-apps-nix/notes-postgres');
  const refused = await poor.push();
  assert.is(refused.code, 1);
  assert.match(told(refused), `The user boss of PostgreSQL at 127.0.0.1:${servers.postgresPort} may not make databases for apps: it lacks CREATEDB.`);
  assert.match(told(refused), 'ALTER ROLE "boss" CREATEDB');
  assert.is(await roles(), before);
  await client.query('ALTER ROLE boss CREATEDB');
  const pushed = await poor.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is(await roles(), before + 1);

  // An app that goes takes its role and database along.
  assert.is((await world.hop3('app', 'destroy', '--app', 'poor', '--confirm', 'poor')).code, 0);
  assert.is(await roles(), before);
  await client.end();
});

test('a server that is gone is told at the push; the addon is not made anew elsewhere', async ({ world, servers }) => {
  const notes = await world.repo('notes-2', 'test-apps-nix/notes-postgres');
  assert.is((await notes.push()).code, 0);
  await servers.stop();
  await notes.commit('again', { 'note.txt': 'x\n' });
  const refused = await notes.push();
  assert.is(refused.code, 1);
  assert.match(told(refused), `PostgreSQL at 127.0.0.1:${servers.postgresPort} does not let Hop3 in`);
  assert.not.match(refused.output, PASSWORD);
  await restartWith(world, { HOP3_POSTGRES_URL: '' });
  const without = await notes.push();
  assert.is(without.code, 1);
  assert.match(told(without), /notes-2-postgres was made on a server of your own \(127\.0\.0\.1:\d+\), and HOP3_POSTGRES_URL is not set any more\./);
});

test.run();
