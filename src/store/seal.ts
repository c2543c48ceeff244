import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Hop3Error } from '../errors.ts';
import { newKey, readKeys, replaceKeys } from './seal-keys.ts';

const MARK = 'sealed:1:';
/** What AES-GCM takes without hashing it first (NIST SP 800-38D, 5.2.1.1). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts values before they reach the database, with a key that lies in a file of its own: a copy of the database
 * alone (a backup, a stolen disk image of it) gives no secret away. AES-256-GCM; the place a value belongs to is part
 * of what is authenticated, so that a value cannot be moved to another app or name.
 */
export class Seal {
  /** The first one seals; the others only open what is not sealed anew yet. */
  #keys: readonly Buffer[];
  readonly #file: string;

  private constructor(keys: readonly Buffer[], file: string) {
    this.#keys = keys;
    this.#file = file;
  }

  /**
   * Reads the key file, or makes it (0600) where `mayMake` allows it.
   * @throws Hop3Error HOP3_SECRET_KEY when it is missing and may not be made, unreadable, or not a key
   */
  static open(file: string, mayMake: boolean): Seal {
    return new Seal(readKeys(file, mayMake), file);
  }

  /** Whether values may still be sealed with an older key. */
  get hasOldKeys(): boolean {
    return this.#keys.length > 1;
  }

  /**
   * A new key for all that is sealed from now on. The file keeps the old ones until `dropOldKeys`.
   * @throws Hop3Error HOP3_SECRET_KEY when the file cannot be written; nothing is changed then
   */
  addKey(): void {
    const keys = [newKey(), ...this.#keys];
    replaceKeys(this.#file, keys);
    this.#keys = keys;
  }

  /**
   * Forgets the keys before the one in use. Only when nothing is sealed with them any more.
   * @throws Hop3Error HOP3_SECRET_KEY when the file cannot be written; they are kept then
   */
  dropOldKeys(): void {
    const keys = this.#keys.slice(0, 1);
    replaceKeys(this.#file, keys);
    this.#keys = keys;
  }

  /** @param place what the value belongs to, such as "env/shop/API_KEY" */
  seal(text: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0]!, nonce);
    cipher.setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return MARK + Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64');
  }

  /** @throws Hop3Error HOP3_SECRET_KEY when the value was sealed with another key, for another place, or was changed */
  open(sealed: string, place: string): string {
    let cause: unknown = new Error('not sealed');
    if (sealed.startsWith(MARK)) {
      const bytes = Buffer.from(sealed.slice(MARK.length), 'base64');
      for (const key of this.#keys) {
        try {
          return openWith(key, bytes, place);
        } catch (error) {
          cause = error;
        }
      }
    }
    throw new Hop3Error('HOP3_SECRET_KEY', {
      what: `The value of ${place} cannot be decrypted with the key in ${this.#file}.`,
      next: 'Was the key file exchanged, or the database restored without it? Put the key that belongs to the database back.',
      cause,
    });
  }
}

/** The tag tells a wrong key from the right one. */
function openWith(key: Buffer, bytes: Buffer, place: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]).toString('utf8');
}
