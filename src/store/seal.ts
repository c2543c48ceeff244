import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { Hop3Error } from '../errors.ts';

const MARK = 'sealed:1:';
const KEY_BYTES = 32;
/** What AES-GCM takes without hashing it first (NIST SP 800-38D, 5.2.1.1). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts values before they reach the database, with a key that lies in a file of its own: a copy of the database
 * alone (a backup, a stolen disk image of it) gives no secret away. AES-256-GCM; the place a value belongs to is part
 * of what is authenticated, so that a value cannot be moved to another app or name.
 */
export class Seal {
  readonly #key: Buffer;
  readonly #file: string;

  private constructor(key: Buffer, file: string) {
    this.#key = key;
    this.#file = file;
  }

  /**
   * Reads the key file, or makes it (0600) where `mayMake` allows it.
   * @throws Hop3Error HOP3_SECRET_KEY when it is missing and may not be made, unreadable, or not a key
   */
  static open(file: string, mayMake: boolean): Seal {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && mayMake) return new Seal(makeKey(file), file);
      throw new Hop3Error('HOP3_SECRET_KEY', {
        what: `The key file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}), and the database holds values that were encrypted with it.`,
        next: 'Put the key file back from your backup; without it these values are lost. Apps that run keep running.',
        cause: error,
      });
    }
    const key = Buffer.from(text.trim(), 'base64');
    if (key.length !== KEY_BYTES) {
      throw new Hop3Error('HOP3_SECRET_KEY', {
        what: `The key file ${file} does not hold a key: ${KEY_BYTES} bytes in base64 on one line.`,
        next: 'Put the key file back from your backup.',
      });
    }
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new Hop3Error('HOP3_SECRET_KEY', { what: `The key file ${file} can be read by other users.`, next: `chmod 600 ${file}` });
    }
    return new Seal(key, file);
  }

  /** @param place what the value belongs to, such as "env/shop/API_KEY" */
  seal(text: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return MARK + Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64');
  }

  /** @throws Hop3Error HOP3_SECRET_KEY when the value was sealed with another key, for another place, or was changed */
  open(sealed: string, place: string): string {
    try {
      if (!sealed.startsWith(MARK)) throw new Error('not sealed');
      const bytes = Buffer.from(sealed.slice(MARK.length), 'base64');
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new Hop3Error('HOP3_SECRET_KEY', {
        what: `The value of ${place} cannot be decrypted with the key in ${this.#file}.`,
        next: 'Was the key file exchanged, or the database restored without it? Put the key that belongs to the database back.',
        cause: error,
      });
    }
  }
}

function makeKey(file: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeSync(handle, `${key.toString('base64')}\n`);
    // Before the first value that depends on it.
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return key;
}
