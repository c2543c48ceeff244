import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { unanswered } from '../../src/server/lost-peers.ts';

const test = suite('clients that are gone without a word');

const TABLE = [
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
  // Listening; answered; two that have been sent to again and again; keep-alive questions, which count elsewhere.
  '   0: 0100007F:1B58 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 8337259 1 000000001f071793 100 0 0 10 0',
  '   1: 0107E70A:1CFD 0207E70A:DCE4 01 000000F4:00000000 01:00000014 00000002   999        0 1 2 0 20 4 30 10 -1',
  '   2: 0107E70A:1CFD 0207E70A:DCFC 01 000000F4:00000000 01:00001234 00000008   999        0 1 2 0 20 4 30 10 -1',
  '   3: 0107E70A:1CFD 0307E70A:DCFC 01 00000000:00000000 02:00001234 00000009   999        0 1 2 0 20 4 30 10 -1',
].join('\n');
const TABLE6 = [
  'header',
  '   0: 0000000000000000FFFF00000107E70A:1CFD 0000000000000000FFFF00000207E70A:DCFC 01 000000F4:00000000 01:00001234 00000006   999        0 1 2 0',
  '   1: B80D01200000000000000000010000:1CFD B80D0120000000000000000002000000:DCFC 01 000000F4:00000000 01:00001234 0000000A   999        0 1 2 0',
].join('\n');

test('who has not answered for many sendings is found, by the address that node knows', () => {
  assert.equal(unanswered(TABLE), [{ localPort: 7421, address: '10.231.7.2', port: 56572 }]);
  assert.equal(unanswered(TABLE6), [
    { localPort: 7421, address: '::ffff:10.231.7.2', port: 56572 },
    { localPort: 7421, address: '2001:db8::2', port: 56572 },
  ]);
  assert.equal(unanswered(''), []);
});

test.run();
