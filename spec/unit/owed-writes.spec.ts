import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import { OwedWrites } from '../../src/pipeline/owed-writes.ts';

const shop = 'shop' as AppName;

test('what cannot be written is written later, in order, and before the app is touched again', async () => {
  const told: string[] = [];
  const written: string[] = [];
  let full = true;
  const write = (text: string) => () => {
    if (full) throw new Error('database or disk is full');
    written.push(text);
  };
  const owed = new OwedWrites((what) => told.push(what));
  await owed.write(shop, 'the end of a deploy', write('first'));
  await owed.write(shop, 'a switch', write('second'));
  assert.equal(written, []);
  assert.match(told[0]!, 'the end of a deploy of shop');
  let refused = '';
  await owed.settle(shop).catch((error: Error) => { refused = error.message; });
  assert.match(refused, 'full');
  full = false;
  await owed.settle(shop);
  assert.equal(written, ['first', 'second']);
  await owed.settle(shop);
  assert.equal(written, ['first', 'second']);
});

test('it is tried again with nobody asking', async () => {
  let tries = 0;
  let done = false;
  const owed = new OwedWrites(() => {});
  await owed.write(shop, 'the end of a deploy', () => {
    tries += 1;
    if (tries < 2) throw new Error('disk full');
    done = true;
  });
  const end = performance.now() + 20_000;
  while (!done && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(tries, 2);
});

test.run();
