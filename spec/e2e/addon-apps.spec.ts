// limit: 420
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { whenUp } from './addon-world.ts';
import { load } from './load-clients.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { told } from './tiny-apps.ts';
import { until, World, type Ran } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('apps with a database');

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const post = (world: World, app: string, path: string, fields: Record<string, string>) => world.get(app, path, { method: 'POST', body: new URLSearchParams(fields).toString(), headers: FORM });

/** Ends the spec with what was printed when a command failed. */
function done(ran: Ran): Ran {
  assert.is(ran.code, 0, ran.output);
  return ran;
}

/** Down, and up again, with nothing of this world left in between. */
async function downAndUp(world: World): Promise<void> {
  done(await world.hop3('down'));
  assert.is(world.processes().length, 0, JSON.stringify(world.processes()));
  await world.up();
}

test('notes in PostgreSQL outlive a migration, a migration that fails, a rollback, a restart, and hop3 down and up', async ({ world }) => {
  const notes = await world.repo('notes', 'test-apps-nix/notes-postgres');
  const first = done(await notes.push());
  assert.match(told(first), 'remote: -----> Making the addon notes-postgres (PostgreSQL)');
  assert.match(told(first), 'remote: -----> Running before-run: notes-migrate');
  assert.match(told(first), 'remote:        migration 001_notes.sql\nremote:        migration 002_search.sql');
  const texts = async () => (JSON.parse((await world.get('notes', '/notes')).body) as { text: string }[]).map(({ text }) => text);
  assert.is((await post(world, 'notes', '/notes', { text: "milk & 'eggs'" })).status, 303);
  assert.is((await post(world, 'notes', '/notes', { text: 'grüne Äpfel 🍏' })).status, 303);
  assert.match((await world.get('notes', `/?q=${encodeURIComponent('Äpf')}`)).body, '<ul><li>grüne Äpfel 🍏</li></ul>');
  const both = ["milk & 'eggs'", 'grüne Äpfel 🍏'];
  assert.equal(await texts(), both);

  // A migration, and code that uses it.
  await notes.edit('notes.py', (code) => code
    .replace('SELECT id, text, made_at FROM', 'SELECT id, text, made_at, pinned FROM').replace('"made_at": made_at.isoformat()}', '"pinned": pinned}').replace('for id, text, made_at in', 'for id, text, made_at, pinned in'));
  await notes.commit('pins', { 'migrations/003_pins.sql': 'ALTER TABLE notes ADD COLUMN pinned boolean NOT NULL DEFAULT false;\n' });
  const second = done(await notes.push());
  assert.match(told(second), 'remote:        migration 003_pins.sql');
  assert.not.match(told(second), 'migration 001');
  assert.not.match(told(second), 'Making the addon');
  assert.equal((JSON.parse((await world.get('notes', '/notes')).body) as { pinned: boolean }[]).map(({ pinned }) => pinned), [false, false]);

  // One that fails half way.
  const live = await world.branch('notes');
  await notes.commit('broken', { 'migrations/004_broken.sql': "INSERT INTO notes (text) VALUES ('half done');\nALTER TABLE nots ADD COLUMN x int;\n" });
  const broken = await notes.push();
  assert.is(broken.code, 1);
  assert.match(told(broken), 'the migration failed, and nothing of it is left: relation "nots" does not exist');
  assert.match(told(broken), 'remote:  !     Push rejected: before-run failed: exit code 1.');
  assert.is(await world.branch('notes'), live);
  assert.equal(await texts(), both);
  assert.is((JSON.parse((await world.hop3('releases', '--app', 'notes', '--json')).stdout) as { releases: { version: number; live: boolean }[] }).releases.find((one) => one.live)?.version, 2);
  await notes.git('reset', '-q', '--hard', 'HEAD~1');

  // Back to the code before the migration; the database is ahead of it.
  const back = done(await world.hop3('rollback', 'v1', '--app', 'notes'));
  assert.match(back.output, 'the database is ahead of this release: 003_pins.sql');
  assert.ok('made_at' in (JSON.parse((await world.get('notes', '/notes')).body) as object[])[0]!, 'the old code answers');
  assert.equal(await texts(), both);
  assert.is((await post(world, 'notes', '/notes', { text: 'after the rollback' })).status, 303);
  done(await world.hop3('ps', 'restart', '--app', 'notes'));
  assert.equal(await texts(), [...both, 'after the rollback']);
  await downAndUp(world);
  await whenUp(world, 'notes', '/healthz');
  assert.equal(await texts(), [...both, 'after the rollback']);
  done(await notes.push('-f', 'hop3', 'main'));
  assert.equal(await texts(), [...both, 'after the rollback']);
});

test('a guestbook in PHP on MariaDB does the same, and its [admin] greets once', async ({ world }) => {
  const book = await world.repo('book', 'test-apps-nix/guestbook-mysql');
  const first = done(await book.push());
  assert.match(told(first), 'remote: -----> Making the addon book-mysql (MariaDB)');
  assert.match(told(first), 'remote:        migration 001_entries.sql\nremote:        migration 002_by_time.sql');
  assert.match(told(first), "remote: -----> Making the administrator's account ([admin] create)\nremote:        greeted");
  const entries = async () => JSON.parse((await world.get('book', '/entries')).body) as { name: string; text: string }[];
  assert.is((await post(world, 'book', '/entries', { name: 'Ann', text: '<b>nice</b> 🎉' })).status, 303);
  const both = [{ name: 'host', text: 'Welcome!' }, { name: 'Ann', text: '<b>nice</b> 🎉' }];
  assert.equal(await entries(), both);
  assert.match((await world.get('book')).body, '<li><b>Ann</b>: &lt;b&gt;nice&lt;/b&gt; 🎉</li>');

  await book.edit('public/index.php', (code) => code.replace('SELECT name, text FROM', 'SELECT name, text, stars FROM'));
  await book.commit('stars', { 'migrations/003_stars.sql': 'ALTER TABLE entries ADD COLUMN stars INT NOT NULL DEFAULT 5\n' });
  const second = done(await book.push());
  assert.match(told(second), 'remote:        migration 003_stars.sql');
  assert.not.match(told(second), 'greeted');
  assert.equal(await entries(), both.map((entry) => ({ ...entry, stars: 5 })));

  await book.commit('broken', { 'migrations/004_broken.sql': 'ALTER TABLE entris ADD COLUMN x INT\n' });
  const broken = await book.push();
  assert.is(broken.code, 1);
  assert.match(told(broken), /004_broken\.sql failed: .*entris' doesn't exist/);
  assert.match(told(broken), 'remote:  !     Push rejected: before-run failed: exit code 1.');
  assert.equal(await entries(), both.map((entry) => ({ ...entry, stars: 5 })));
  await book.git('reset', '-q', '--hard', 'HEAD~1');

  done(await world.hop3('rollback', 'v1', '--app', 'book'));
  assert.equal(await entries(), both);
  assert.is((await post(world, 'book', '/entries', { name: 'Bob', text: 'after the rollback' })).status, 303);
  const three = [...both, { name: 'Bob', text: 'after the rollback' }];
  done(await world.hop3('ps', 'restart', '--app', 'book'));
  assert.equal(await entries(), three);
  await downAndUp(world);
  await whenUp(world, 'book');
  assert.equal(await entries(), three);

  // It connects anew for each request.
  const visitors = load(world, 'book', 4, /<h1>[^<]*/);
  const rotated = done(await world.hop3('addon', 'credentials', 'book-mysql', '--rotate', '--app', 'book'));
  assert.match(rotated.output, 'New password for book-mysql');
  const seen = await visitors.stop();
  assert.equal(seen.failures, [], `of ${seen.answers} answers`);
  assert.ok(seen.answers > 10, String(seen.answers));
  assert.equal(await entries(), three);
});

test('a queue in Redis is worked in the background, by as many workers as wanted, and loses no job', async ({ world }) => {
  const queue = await world.repo('queue', 'test-apps-nix/queue-redis');
  const first = done(await queue.push());
  assert.match(told(first), 'remote: -----> Making the addon queue-redis (Redis)');
  const counts = async () => JSON.parse((await world.get('queue')).body) as { waiting: number; working: number; done: number };
  const put = async (text: string) => (JSON.parse((await post(world, 'queue', '/jobs', { text })).body) as { id: string }).id;
  const outcome = async (id: string) => JSON.parse((await world.get('queue', `/jobs/${id}`)).body) as { state: string; words: number; worker: string; release: string };
  const worked = (total: number) => until(`${total} jobs to be done`, async () => (await counts()).done >= total, 60);

  const one = await put('one two three');
  await worked(1);
  assert.equal({ ...(await outcome(one)), worker: '' }, { state: 'done', words: 3, worker: '', release: 'v1' });

  done(await world.hop3('ps', 'scale', 'worker=3', '--app', 'queue'));
  const many = await Promise.all(Array.from({ length: 60 }, (_, index) => put(`job ${index}`)));
  await worked(61);
  const workers = new Set(await Promise.all(many.map(async (id) => (await outcome(id)).worker)));
  // The one of before may take a few more while it drains.
  assert.ok(workers.size >= 3, [...workers].join(' '));

  // A deploy while the queue is full: every job is done, the last ones by the new release.
  const full = await Promise.all(Array.from({ length: 300 }, (_, index) => put(`more words of job ${index}`)));
  await queue.commit('again', { 'note.txt': 'x\n' });
  done(await queue.push());
  const processes = (JSON.parse((await world.hop3('ps', '--app', 'queue', '--json')).stdout) as { workers: { worker: string; live: boolean }[] }).workers;
  assert.equal(processes.filter((one) => one.live).map((one) => one.worker).sort(), ['web.1', 'worker.1', 'worker.2', 'worker.3']);
  await worked(361);
  const releases = new Set<string>();
  for (const id of full) releases.add((await outcome(id)).release);
  assert.ok(releases.has('v2'), [...releases].join(' '));

  done(await world.hop3('rollback', 'v1', '--app', 'queue'));
  assert.is((await outcome(one)).words, 3);
  done(await world.hop3('ps', 'restart', '--app', 'queue'));
  const before = await put('put in before it went down');
  await downAndUp(world);
  await whenUp(world, 'queue', '/healthz');
  await until('the job from before', async () => (await outcome(before)).state === 'done', 60);
  assert.is((await outcome(one)).words, 3);
  assert.ok((await counts()).done >= 362);
});

test.run();
