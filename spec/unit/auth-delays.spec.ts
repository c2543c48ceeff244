import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FailureDelays } from '../../src/server/auth-delays.ts';

const delays = suite('slowing wrong tokens');

delays('the first wrong tokens cost nothing, then ever more, up to 2 s', () => {
  const failures = new FailureDelays();
  const waits = Array.from({ length: 12 }, () => failures.failed('10.0.0.1'));
  assert.equal(waits, [0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000]);
});

delays('another address is not slowed, and a right token resets', () => {
  const failures = new FailureDelays();
  for (let count = 0; count < 10; count += 1) failures.failed('10.0.0.1');
  assert.is(failures.failed('10.0.0.2'), 0);
  failures.succeeded('10.0.0.1');
  assert.is(failures.failed('10.0.0.1'), 0);
});

delays('an address is forgotten after a quarter of an hour', () => {
  let now = 0;
  const failures = new FailureDelays(() => now);
  for (let count = 0; count < 10; count += 1) failures.failed('10.0.0.1');
  now = 15 * 60_000;
  assert.is(failures.failed('10.0.0.1'), 0);
});

delays('a stranger with a million addresses fills no memory, and does not push out who keeps failing', () => {
  const failures = new FailureDelays();
  for (let count = 0; count < 8; count += 1) failures.failed('10.0.0.1');
  for (let count = 0; count < 50_000; count += 1) {
    failures.failed(`host-${count}`);
    if (count % 1000 === 0) assert.is(failures.failed('10.0.0.1') > 0, true);
  }
  assert.ok(failures.addresses <= 2000);
});

delays('the wait of one does not hold up the others', async () => {
  const failures = new FailureDelays();
  let slow = false;
  const waiting = failures.wait(60).then(() => { slow = true; });
  await failures.wait(0);
  assert.not(slow);
  await waiting;
  assert.ok(slow);
});

delays.run();
