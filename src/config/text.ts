import { isUtf8 } from 'node:buffer';
import { Hop3Error } from '../errors.ts';

/** 256 KiB: a hundred times what real files have, and what the TOML parser reads in well under a second. */
export const MAX_CONFIG_BYTES = 256 * 1024;

export function tooLarge(file: string): Hop3Error {
  return new Hop3Error('HOP3_CONFIG', {
    what: `${file} is larger than ${MAX_CONFIG_BYTES / 1024} KiB.`,
    next: 'Nothing was built. Move large texts into files of their own, commit, and push again.',
  });
}

/**
 * The text of a file's bytes, without a byte order mark.
 * @throws Hop3Error HOP3_CONFIG when the bytes are too many, or not UTF-8 (with the first such line)
 */
export function decodeText(file: string, bytes: Uint8Array): string {
  if (bytes.length > MAX_CONFIG_BYTES) throw tooLarge(file);
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  throw new Hop3Error('HOP3_CONFIG', {
    what: `${file}:${line}:1: this line is not valid UTF-8.`,
    next: `Nothing was built. Save ${file} as UTF-8, commit, and push again.`,
  });
}

/**
 * The same rules for text that did not come from a file of ours.
 * @throws Hop3Error HOP3_CONFIG
 */
export function checkText(file: string, text: string): string {
  if (text.length > MAX_CONFIG_BYTES || Buffer.byteLength(text) > MAX_CONFIG_BYTES) throw tooLarge(file);
  const broken = text.search(/\p{Surrogate}/u);
  if (broken >= 0) {
    const line = text.slice(0, broken).split('\n').length;
    throw new Hop3Error('HOP3_CONFIG', { what: `${file}:${line}:1: this line is not valid Unicode.` });
  }
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
