import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Database } from '../../src/store/database.ts';
import { copyDatabase } from '../../src/store/database-copy.ts';
import { migrate, rehearseMigration } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations.ts';

const test = suite<{ dir: string; file: string; copies: string }>('changes of the schema');

test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'hop3-migrate-'));
  context.file = join(context.dir, 'hop3.db');
  context.copies = join(context.dir, 'database-copies');
});
test.after.each(({ dir }) => { rmSync(dir, { recursive: true }); });

/** A database as a Hop3 that knew only the first `known` migrations left it, with one app. */
function older(file: string, known: number): void {
  const db = new BetterSqlite(file);
  db.pragma('journal_mode = WAL');
  migrate(db, file, null, migrations.slice(0, known));
  db.prepare("INSERT INTO apps (name, created_at, created_by) VALUES ('shop', 1, 'ann')").run();
  db.close();
}

function read(file: string): { version: number; apps: unknown[] } {
  const db = new BetterSqlite(file, { readonly: true });
  try {
    return { version: db.pragma('user_version', { simple: true }) as number, apps: db.prepare('SELECT name FROM apps').all() };
  } finally {
    db.close();
  }
}

const code = (wanted: string) => (error: unknown) => (error as { code: string }).code === wanted;

for (let known = 1; known < migrations.length; known += 1) {
  test(`a database of schema ${known} is copied as it is and then brought to the newest`, ({ file, copies }) => {
    older(file, known);
    assert.equal(rehearseMigration(file, copies), { version: known, changes: true });
    assert.equal(readdirSync(copies), []);
    assert.is(read(file).version, known);
    Database.open(file, copies).close();
    assert.equal(read(file), { version: migrations.length, apps: [{ name: 'shop' }] });
    const [copy, ...more] = readdirSync(copies);
    assert.equal(more, []);
    assert.match(copy!, new RegExp(`^hop3-schema${known}-\\d{8}T\\d{6}\\.\\d{3}Z\\.db$`));
    assert.is(statSync(join(copies, copy!)).mode & 0o777, 0o600);
    assert.equal(read(join(copies, copy!)), { version: known, apps: [{ name: 'shop' }] });
  });
}

test('a new database and one of the newest schema are not copied', ({ file, copies }) => {
  assert.is(rehearseMigration(file, copies), null);
  Database.open(file, copies).close();
  Database.open(file, copies).close();
  assert.equal(rehearseMigration(file, copies), { version: migrations.length, changes: false });
  assert.not(existsSync(copies));
});

test('the copy holds what is in the write-ahead log alone, and what is written meanwhile is left out whole', ({ file, copies }) => {
  older(file, 3);
  const writer = new BetterSqlite(file);
  writer.pragma('wal_autocheckpoint = 0');
  writer.prepare("INSERT INTO apps (name, created_at, created_by) VALUES ('late', 2, 'ann')").run();
  writer.prepare('BEGIN IMMEDIATE').run();
  writer.prepare("INSERT INTO apps (name, created_at, created_by) VALUES ('unfinished', 3, 'ann')").run();
  const reader = new BetterSqlite(file);
  const copy = copyDatabase(reader, copies, 3);
  assert.equal(read(copy).apps, [{ name: 'late' }, { name: 'shop' }]);
  writer.close();
  reader.close();
});

test('the five newest copies are kept, whatever their schema', ({ file, copies }) => {
  older(file, 3);
  const db = new BetterSqlite(file);
  const made = [9, 10, 1, 2, 3, 11, 4].map((version) => {
    const copy = copyDatabase(db, copies, version);
    // Names have milliseconds.
    for (const now = Date.now(); Date.now() === now;);
    return copy;
  });
  db.close();
  assert.equal(readdirSync(copies).map((name) => join(copies, name)).sort(), made.slice(-5).sort());
});

test('a step that fails takes the steps before it back too', ({ file, copies }) => {
  older(file, 2);
  const steps = [...migrations.slice(0, 4), 'CREATE TABLE apps (x TEXT) STRICT'];
  assert.throws(() => rehearseMigration(file, copies, steps), code('HOP3_DATABASE'));
  assert.equal(readdirSync(copies), []);
  const db = new BetterSqlite(file);
  assert.throws(() => migrate(db, file, '/copies/one.db', steps), (error: { what: string; next: string }) => /from schema 2 to 5: table apps already exists/.test(error.what) && error.next.includes('/copies/one.db'));
  assert.equal(db.prepare("SELECT name FROM sqlite_master WHERE name IN ('addons', 'scale')").all(), []);
  db.close();
  assert.equal(read(file), { version: 2, apps: [{ name: 'shop' }] });
});

test('without room for the copy nothing is changed', ({ file, copies }) => {
  older(file, 2);
  writeFileSync(copies, 'a file where the directory should be');
  const before = readFileSync(file);
  assert.throws(() => Database.open(file, copies), (error: { code: string; why: string }) => error.code === 'HOP3_DATABASE' && error.why.startsWith('Nothing was changed.'));
  assert.is(read(file).version, 2);
  assert.ok(before.equals(readFileSync(file)));
});

test.run();
