import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { FLUSH, packet, PacketBorders, PacketReader, sideband, type ByteSource } from '../../src/server/pkt-line.ts';

const packets = suite('git packet lines');

function source(...chunks: (string | Buffer)[]): ByteSource {
  const left = chunks.map((chunk) => Buffer.from(chunk as never));
  return { next: async () => left.shift() ?? null };
}

async function refusal(work: Promise<unknown>): Promise<Hop3Error> {
  const error = await work.then(() => null, (thrown: unknown) => thrown);
  assert.instance(error, Hop3Error);
  return error as Hop3Error;
}

packets('a packet counts its own four digits', () => {
  assert.is(packet('hello\n').toString(), '000ahello\n');
  assert.is(packet('ä').toString(), '0006ä');
});

packets('packets are read one by one, whatever pieces they come in', async () => {
  const reader = new PacketReader(source('0', '00', 'aone t', 'wo0009thr', 'ee0', '000PACK'), 1000);
  assert.equal(await reader.read(), { kind: 'data', bytes: Buffer.from('one tw') });
  const failed = await refusal(reader.read());
  assert.match(failed.what, 'no packet length');

  const good = new PacketReader(source('0', '00', 'aone t', 'w0009thr', 'ee0', '000PACK'), 1000);
  assert.equal(await good.read().then((next) => next.kind === 'data' && next.bytes.toString()), 'one tw');
});

packets('what follows the last packet is given back', async () => {
  const reader = new PacketReader(source('0007one0000PACKdata'), 1000);
  assert.equal(await reader.read(), { kind: 'data', bytes: Buffer.from('one') });
  assert.equal(await reader.read(), { kind: 'flush' });
  assert.is(reader.rest().toString(), 'PACKdata');
});

packets('an end between packets is an end, within one it is an error', async () => {
  assert.equal(await new PacketReader(source(), 100).read(), { kind: 'end' });
  assert.is((await refusal(new PacketReader(source('00'), 100).read())).code, 'HOP3_GIT_REQUEST');
  assert.match((await refusal(new PacketReader(source('0010abc'), 100).read())).what, 'in the middle of a packet');
});

packets('lengths that no packet has are refused', async () => {
  for (const text of ['0001', '0003', '0004', 'zzzz', '-001', '+123', '0x12', '    ', 'fff1', 'ffff']) {
    const error = await refusal(new PacketReader(source(text + 'x'.repeat(70_000)), 200_000).read());
    assert.match(error.what, 'no packet length', text);
  }
});

packets('more than the limit is refused before it is held', async () => {
  let asked = 0;
  const endless: ByteSource = { next: async () => { asked += 1; return Buffer.from('ffe8'); } };
  const error = await refusal(new PacketReader(endless, 1000).read());
  assert.match(error.what, 'larger than');
  assert.is(asked, 1);
});

packets('a side band is cut into packets that a client can hold', () => {
  const bytes = sideband(2, Buffer.alloc(70_000, 'x'));
  assert.is(bytes.toString('latin1', 0, 5), 'fff0\x02');
  assert.is(bytes.length, 70_000 + 2 * 5);
});

packets('borders pass whole packets on and keep the begun one', () => {
  const borders = new PacketBorders();
  assert.is(borders.push(Buffer.from('0007o')).toString(), '');
  assert.ok(borders.open);
  assert.is(borders.push(Buffer.from('ne000000')).toString(), '0007one0000');
  assert.is(borders.push(Buffer.from('07two')).toString(), '0007two');
  assert.not(borders.open);
  assert.is(borders.push(FLUSH).toString(), '0000');
});

packets.run();
