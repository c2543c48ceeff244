import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { asOid, parseAppName, type StorePath } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import { cancelled } from '../../src/pipeline/cancel.ts';
import { concludeFailure } from '../../src/pipeline/failure.ts';
import type { Job } from '../../src/pipeline/job.ts';
import { Steps } from '../../src/pipeline/steps.ts';
import { Undo } from '../../src/pipeline/undo.ts';
import { pointNowhere, switchTo } from '../../src/runtime/slots.ts';
import { slotTarget } from '../../src/runtime/slot-target.ts';
import { Store } from '../../src/store/store.ts';

const test = suite<{ dir: string; store: Store; paths: Paths; defects: string[]; job: () => Job }>('what a failed deploy says of what runs');
const app = parseAppName('shop');

test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'hop3-failure-'));
  context.store = Store.open(join(context.dir, 'hop3.db'), join(context.dir, 'secret.key'));
  context.paths = new Paths(context.dir);
  context.defects = [];
  mkdirSync(context.paths.app(app), { recursive: true });
  pointNowhere(context.paths, app);
  context.store.apps.create(app, 'admin');
  context.job = () => ({
    app, store: context.store, paths: context.paths, attempt: context.store.builds.begin(app, asOid('b'.repeat(40)), 'ann'),
    signal: new AbortController().signal, undo: new Undo(), steps: new Steps(), log: { keepProblem() {}, withoutSecrets: (text: string) => text.replaceAll('hunter2-hunter2', '[hidden]') },
    reportDefect: (where: string) => void context.defects.push(where),
  } as unknown as Job);
});
test.after.each(({ dir, store }) => {
  store.close();
  rmSync(dir, { recursive: true });
});

function released({ store, paths }: { store: Store; paths: Paths }): void {
  const commit = asOid('a'.repeat(40));
  const build = store.builds.begin(app, commit, 'ann');
  store.builds.built(app, build, { tree: commit, buildKey: 'k', storePath: `/nix/store/${'0'.repeat(32)}-a` as StorePath, root: build, runtime: '{}', config: '{}' });
  store.releases.beginSwitch({ app, version: 1, build, slot: 'a', reason: 'push', description: 'x', branch: 'main', by: 'ann', env: {}, generated: [] });
  switchTo(paths, app, slotTarget('a', 'web'));
  store.releases.finishSwitch(app, 1);
}

const unhealthy = () => new Hop3Error('HOP3_UNHEALTHY', { what: 'web.1 was not ready.', next: 'Listen on $PORT.' });

test('before the first release there is none', async ({ job }) => {
  const error = await concludeFailure(job(), unhealthy());
  assert.is(error.next, 'Listen on $PORT.\nshop has no live release yet; the branch has not moved.\nThe whole log: hop3 builds log b1 --app shop');
});

test('the release that was live still is, and the attempt is written down as failed', async (context) => {
  released(context);
  const error = await concludeFailure(context.job(), unhealthy());
  assert.match(error.next!, '\nv1 is still live; the branch has not moved.\n');
  assert.is(context.store.builds.get(app, 2)?.status, 'failed');
  assert.is(context.store.builds.get(app, 2)?.error, '[HOP3_UNHEALTHY] web.1 was not ready.');
});

test('whatever a program that was ended said, the signal says by whom', async (context) => {
  const signal = AbortSignal.abort(cancelled.byCommand('bob'));
  const error = await concludeFailure({ ...context.job(), signal }, new Hop3Error('HOP3_BUILD_FAILED', { what: 'nix-build failed.' }));
  assert.is(error.code, 'HOP3_CANCELLED');
  assert.is(error.what, 'The deploy was cancelled by bob with `hop3 builds cancel`.');
  assert.is(context.store.builds.get(app, 1)?.status, 'cancelled');
  assert.is(context.store.builds.get(app, 1)?.error, '[HOP3_CANCELLED] The deploy was cancelled by bob with `hop3 builds cancel`.');
});

test('of an app that is gone nothing is said that could mislead', async (context) => {
  const job = context.job();
  context.store.apps.remove(app);
  const gone = new Hop3Error('HOP3_NO_APP', { what: 'The app shop was destroyed while this waited for its turn.' });
  const error = await concludeFailure(job, gone);
  assert.is(error.what, gone.what);
  assert.is(error.next, undefined);
});

test('a release that answers and could not be written down is not said to be the one before', async (context) => {
  released(context);
  switchTo(context.paths, app, slotTarget('b', 'web'));
  const error = await concludeFailure(context.job(), new Error('database or disk is full'));
  assert.is(error.code, 'HOP3_INTERNAL');
  assert.not.match(error.next!, 'still live');
  assert.match(error.next!, 'The new release answers already, but could not be written down. That is done as soon as the database can be written.');
  assert.equal(context.defects, ['deploy of shop']);
});

test('the app\'s last words lose their secrets, in the answer and in the list of builds', async (context) => {
  const error = await concludeFailure(context.job(), new Hop3Error('HOP3_WORKER_DIED', { what: 'web.1 said hunter2-hunter2.', why: 'cannot log in with\nhunter2-hunter2' }));
  assert.is(error.what, 'web.1 said [hidden].');
  assert.is(error.why, 'cannot log in with\n[hidden]');
  assert.is(context.store.builds.get(app, 1)?.error, '[HOP3_WORKER_DIED] web.1 said [hidden].');
});

test('what was begun is taken back, newest first, and what cannot be is reported', async (context) => {
  const job = context.job();
  const undone: string[] = [];
  job.undo.add('one', () => { undone.push('one'); });
  job.undo.add('two', () => { undone.push('two'); throw new Error('no'); });
  await concludeFailure(job, unhealthy());
  assert.equal(undone, ['two', 'one']);
  assert.equal(context.defects, ['undo: two']);
});

test.run();
