import { randomBytes } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeBytes, encodeFrame, encodeJson, FRAME, FrameError, FrameReader, LARGEST_FRAME, parseJson, type Frame } from '../../src/run-frames.ts';

const test = suite('frames of hop3 run');

test('a frame is its type, its length in four bytes, its payload', () => {
  assert.is(encodeFrame(FRAME.input, Buffer.from('abc')).toString('hex'), '0200000003616263');
  assert.is(encodeFrame(FRAME.inputEnd).toString('hex'), '0300000000');
});

test('frames are the same however their bytes are cut on the way', () => {
  const sent: Frame[] = [{ type: FRAME.input, payload: randomBytes(300) }, { type: FRAME.inputEnd, payload: Buffer.alloc(0) }, { type: FRAME.size, payload: Buffer.from('{"rows":1,"columns":2}') }];
  const bytes = Buffer.concat(sent.map(({ type, payload }) => encodeFrame(type as 2, payload)));
  for (const step of [1, 2, 3, 5, 7, 64, 304, 305, 306, bytes.length]) {
    const reader = new FrameReader();
    const got: Frame[] = [];
    for (let from = 0; from < bytes.length; from += step) {
      got.push(...reader.push(bytes.subarray(from, from + step)).map(({ type, payload }) => ({ type, payload: Buffer.from(payload) })));
    }
    assert.equal(got, sent, `in pieces of ${step}`);
  }
});

test('bytes of any number go in frames of the largest size', () => {
  const bytes = randomBytes(LARGEST_FRAME * 2 + 1);
  const reader = new FrameReader();
  const got = [...encodeBytes(FRAME.output, bytes)].flatMap((one) => reader.push(one));
  assert.equal(got.map(({ payload }) => payload.length), [LARGEST_FRAME, LARGEST_FRAME, 1]);
  assert.ok(Buffer.concat(got.map(({ payload }) => payload)).equals(bytes));
  assert.equal([...encodeBytes(FRAME.output, Buffer.alloc(0))], []);
});

test('a frame that says it is larger is refused by its head alone', () => {
  const head = Buffer.from([FRAME.input, 0, 1, 0, 1]);
  assert.throws(() => new FrameReader().push(head), (error: Error) => error instanceof FrameError && error.message === 'a frame of 65537 bytes; 65536 are allowed');
  assert.equal(new FrameReader().push(Buffer.from([FRAME.input, 0, 1, 0, 0])), []);
  assert.throws(() => encodeFrame(FRAME.input, Buffer.alloc(LARGEST_FRAME + 1)), /65537 bytes/);
});

test('a payload that should be an object and is none is refused', () => {
  assert.equal(parseJson(encodeJson(FRAME.exit, { code: 3 }).subarray(5)), { code: 3 });
  for (const text of ['', '{', '[]', 'null', '3', '"x"']) assert.throws(() => parseJson(Buffer.from(text)), (error: Error) => error instanceof FrameError, text);
});

test.run();
