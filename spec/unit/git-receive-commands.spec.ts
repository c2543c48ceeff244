import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { FLUSH, packet, PacketReader } from '../../src/server/pkt-line.ts';
import { MOST_COMMAND_BYTES, parseCommand, readCommandSection, type CommandSection } from '../../src/server/receive-commands.ts';

const commands = suite('commands of a push');

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const ZERO = '0'.repeat(40);

function read(...parts: Buffer[]): Promise<CommandSection | null> {
  const left = [Buffer.concat(parts)];
  return readCommandSection(new PacketReader({ next: async () => left.shift() ?? null }, MOST_COMMAND_BYTES));
}

async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(() => null, (thrown: unknown) => thrown);
  assert.instance(error, Hop3Error);
  return `${(error as Hop3Error).code} ${(error as Hop3Error).what}`;
}

commands('a push names refs, capabilities and options', async () => {
  const section = await read(
    packet(`${ZERO} ${A} refs/heads/main\0 report-status side-band-64k push-options agent=git/2.39.5`),
    packet(`${A} ${ZERO} refs/tags/v1\n`), FLUSH,
    packet('ci.skip'), packet('with space\n'), FLUSH,
  );
  assert.equal(section?.commands, [
    { old: null, new: A, ref: 'refs/heads/main' },
    { old: A, new: null, ref: 'refs/tags/v1' },
  ]);
  assert.ok(section?.capabilities.has('side-band-64k'));
  assert.is(section?.bytes.length, 2);
  assert.is(section?.bytes[1]?.toString(), '000bci.skip000ewith space0000');
});

commands('the head that git is given is the head that came, byte for byte', async () => {
  const head = Buffer.concat([packet(`shallow ${B}\n`), packet(`${A} ${B} refs/heads/main\0report-status\n`), FLUSH]);
  const section = await read(head);
  assert.is(section?.bytes[0]?.toString('hex'), head.toString('hex'));
});

commands('a lone flush, and shallow lines alone, ask for nothing', async () => {
  assert.is(await read(FLUSH), null);
  assert.is(await read(packet(`shallow ${A}\n`), FLUSH), null);
});

commands('no body, a cut list, garbage: each its own words', async () => {
  assert.match(await refused(read()), 'has no body');
  assert.match(await refused(read(packet(`${A} ${B} refs/heads/main\0x\n`))), 'ended before its list of refs');
  assert.match(await refused(read(Buffer.from('hello world'))), 'no packet length');
  assert.match(await refused(read(Buffer.from('a'.repeat(65_536)))), 'names no ref');
  assert.match(await refused(read(packet('push-cert\0report-status\n'), FLUSH)), 'names no ref');
  assert.match(await refused(read(packet(Buffer.from(`${A} ${B} refs/heads/\xff`, 'latin1')), FLUSH)), 'not UTF-8');
});

commands('257 refs and a ref named twice are refused', async () => {
  const many = Array.from({ length: 257 }, (_none, index) => packet(`${A} ${B} refs/tags/v${index}\n`));
  assert.match(await refused(read(...many, FLUSH)), 'more than 256 refs');
  assert.match(await refused(read(packet(`${A} ${B} refs/heads/main\n`), packet(`${A} ${ZERO} refs/heads/main\n`), FLUSH)), 'refs/heads/main twice');
});

commands('ref names follow git\'s own rules', () => {
  assert.is(parseCommand(`${A} ${B} refs/heads/feature/größe\n`).ref, 'refs/heads/feature/größe');
  for (const ref of [
    'HEAD', 'refs/heads', 'refs/heads/', '/refs/heads/a', 'refs//heads/a', 'refs/heads/../../x', 'refs/heads/a..b', 'refs/heads/.a', 'refs/heads/a.lock',
    'refs/heads/a.lock/b', 'refs/heads/a b', 'refs/heads/a\tb', 'refs/heads/a\nb', 'refs/heads/a\u001bb', 'refs/heads/a~1', 'refs/heads/a^', 'refs/heads/a:b',
    'refs/heads/a?', 'refs/heads/*', 'refs/heads/[a', 'refs/heads/a\\b', 'refs/heads/a@{1}', 'refs/heads/a.', `refs/heads/${'a'.repeat(250)}`,
  ]) {
    assert.throws(() => parseCommand(`${A} ${B} ${ref}\n`), (error: Hop3Error) => error.code === 'HOP3_REF_KIND' || error.code === 'HOP3_GIT_REQUEST', ref);
  }
});

commands('object ids are 40 lower-case digits', () => {
  for (const oid of ['a'.repeat(39), 'A'.repeat(40), 'g'.repeat(40), '0x' + 'a'.repeat(38), '-'.repeat(40)]) {
    assert.throws(() => parseCommand(`${oid} ${B} refs/heads/main`), /names no ref/, oid);
  }
  assert.throws(() => parseCommand(`${ZERO} ${ZERO} refs/heads/main`), /not there/);
});

commands.run();
