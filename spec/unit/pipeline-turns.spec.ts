import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cancelled } from '../../src/pipeline/cancel.ts';
import { Gate, Turns } from '../../src/pipeline/turns.ts';
import { Undo } from '../../src/pipeline/undo.ts';

const test = suite('turns, places and undo');
const never = new AbortController().signal;

test('deploys of one app go one after the other, in the order of asking', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const told: string[] = [];
  const first = await turns.take('shop', 'deploy of 1', never, () => assert.unreachable());
  const second = turns.take('shop', 'deploy of 2', never, (ahead, before) => told.push(`${ahead.what}, ${before} before`)).then((end) => { order.push('2'); end(); });
  const third = turns.take('shop', 'deploy of 3', never, (ahead, before) => told.push(`${ahead.what}, ${before} before`)).then((end) => { order.push('3'); end(); });
  order.push('1');
  first();
  await Promise.all([second, third]);
  assert.equal(order, ['1', '2', '3']);
  // At the end of each wait the next one learns whom it waits for now.
  assert.equal(told, ['deploy of 1, 0 before', 'deploy of 1, 1 before', 'deploy of 2, 0 before']);
  assert.is(turns.holder('shop'), null);
});

test('another app does not wait', async () => {
  const turns = new Turns();
  await turns.take('shop', 'a', never, () => {});
  await turns.take('blog', 'b', never, () => assert.unreachable());
});

test('who gives up while waiting is passed over', async () => {
  const turns = new Turns();
  const end = await turns.take('shop', 'a', never, () => {});
  const leaver = new AbortController();
  const left = turns.take('shop', 'b', leaver.signal, () => {}).then(() => 'got it', (error: { code: string }) => error.code);
  const stayer = turns.take('shop', 'c', never, () => {});
  leaver.abort();
  assert.is(await left, 'HOP3_CANCELLED');
  end();
  (await stayer)();
  assert.is(turns.holder('shop'), null);
});

test('those behind one who gives up move up, and are told', async () => {
  const turns = new Turns();
  const told: string[] = [];
  const gate = new Gate(1);
  await turns.take('shop', 'a', never, () => {});
  await gate.enter(never, () => {});
  const leaver = new AbortController();
  const left = [turns.take('shop', 'b', leaver.signal, () => {}), gate.enter(leaver.signal, () => {})].map((wait) => wait.then(() => 'got it', (error: Error) => error.message));
  void turns.take('shop', 'c', never, (ahead, before) => told.push(`${ahead.what} and ${before} more`));
  void gate.enter(never, (before) => told.push(`place ${before}`));
  leaver.abort(cancelled.byCommand('bob'));
  assert.equal(await Promise.all(left), Array(2).fill('The deploy was cancelled by bob with `hop3 builds cancel`.'));
  assert.equal(told, ['a and 1 more', 'place 1', 'a and 0 more', 'place 0']);
  // One that is cancelled before it asks takes no place either.
  await gate.enter(leaver.signal, () => assert.unreachable()).then(() => assert.unreachable(), (error: { code: string }) => assert.is(error.code, 'HOP3_CANCELLED'));
});

test('giving back twice frees the turn once', async () => {
  const turns = new Turns();
  const end = await turns.take('shop', 'a', never, () => {});
  const next = turns.take('shop', 'b', never, () => {});
  end();
  end();
  await next;
  assert.is(turns.holder('shop')?.what, 'b');
});

test('no more builds than places run at once', async () => {
  const gate = new Gate(2);
  let running = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 7 }, async () => {
    const leave = await gate.enter(never, () => {});
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
    leave();
  }));
  assert.is(most, 2);
});

test('undo runs newest first, goes on after a failure, and tells of it', async () => {
  const undo = new Undo();
  const done: string[] = [];
  undo.add('one', () => { done.push('one'); });
  undo.add('two', () => { throw new Error('no'); });
  undo.add('three', () => { done.push('three'); });
  const failed = await undo.unwind();
  assert.equal(done, ['three', 'one']);
  assert.equal(failed.map((step) => step.what), ['two']);
});

test('after the switch there is nothing to undo', async () => {
  const undo = new Undo();
  undo.add('one', () => assert.unreachable());
  undo.forget();
  assert.equal(await undo.unwind(), []);
});

test.run();
