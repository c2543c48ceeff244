import { closeSync, openSync, readSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import type { Oid } from '../names.ts';

// The formats are git's own (gitformat-pack(5)): an index of version 2, and its pack.
const INDEX_MAGIC = 0xff744f63;
const FANOUT_AT = 8;
const FANOUT_BYTES = 256 * 4;
const COMMIT = 1;

/** Where in its pack an object begins; null when the pack does not have it, or is larger than 2 GB. */
export function offsetIn(indexFile: string, oid: Oid): number | null {
  return withFile(indexFile, (read) => {
    const head = read(0, FANOUT_AT + FANOUT_BYTES);
    if (head.length < FANOUT_AT + FANOUT_BYTES || head.readUInt32BE(0) !== INDEX_MAGIC || head.readUInt32BE(4) !== 2) return null;
    const fanout = (byte: number): number => (byte < 0 ? 0 : head.readUInt32BE(FANOUT_AT + byte * 4));
    const wanted = Buffer.from(oid, 'hex');
    const [from, to, all] = [fanout(wanted[0]! - 1), fanout(wanted[0]!), fanout(255)];
    const names = FANOUT_AT + FANOUT_BYTES;
    const some = read(names + from * wanted.length, (to - from) * wanted.length);
    for (let at = 0; at < to - from; at += 1) {
      if (!wanted.equals(some.subarray(at * wanted.length, (at + 1) * wanted.length))) continue;
      // Behind the names four bytes of checksum for each, then the offsets; the highest bit says "in the table of large ones".
      const offset = read(names + all * (wanted.length + 4) + (from + at) * 4, 4).readUInt32BE(0);
      return offset < 0x80000000 ? offset : null;
    }
    return null;
  });
}

/** The text of a commit at an offset; null for what is no commit, is stored as a difference, or has more bytes than `most`. */
export function commitAt(packFile: string, offset: number, most: number): Buffer | null {
  return withFile(packFile, (read) => {
    // A commit that packs worse than it is long still fits.
    const bytes = read(offset, most + 1024);
    const type = ((bytes[0] ?? 0) >> 4) & 7;
    let size = (bytes[0] ?? 0) & 15;
    let at = 0;
    for (let shift = 4; (bytes[at] ?? 0) & 0x80; shift += 7) {
      at += 1;
      size += ((bytes[at] ?? 0) & 0x7f) * 2 ** shift;
    }
    if (type !== COMMIT || size > most) return null;
    const text = inflateSync(bytes.subarray(at + 1), { maxOutputLength: Math.max(size, 1) });
    return text.length === size ? text : null;
  });
}

function withFile<T>(file: string, use: (read: (at: number, length: number) => Buffer) => T): T {
  const handle = openSync(file, 'r');
  try {
    return use((at, length) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(handle, bytes, 0, length, at));
    });
  } finally {
    closeSync(handle);
  }
}
