import { createCipheriv, createDecipheriv, createHmac, randomBytes, scrypt } from 'node:crypto';
import { Hop3Error } from './errors.ts';

/** What a backup keeps of the server's own secrets. */
export interface ServerSecrets {
  /** The text of the key file that the stored secrets are sealed with. */
  readonly secretKey: string;
  readonly adminToken: string;
}

/** The least a passphrase may have. */
export const SHORTEST_PASSPHRASE = 12;
/** scrypt at 64 MiB and about 0.3 s a guess: more than what OWASP asks for (N = 2^16, r = 8, p = 2 at the time of writing). */
const COST = { N: 2 ** 16, r: 8, p: 2, maxmem: 128 * 1024 ** 2 };

interface Sealed {
  readonly scrypt: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: string;
  readonly nonce: string;
  readonly body: string;
  readonly tag: string;
}

export async function sealSecrets(secrets: ServerSecrets, passphrase: string): Promise<string> {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt, COST), nonce);
  const body = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()]);
  const { N, r, p } = COST;
  const sealed: Sealed = { scrypt: { N, r, p }, salt: salt.toString('base64'), nonce: nonce.toString('base64'), body: body.toString('base64'), tag: cipher.getAuthTag().toString('base64') };
  return JSON.stringify(sealed);
}

/** @throws Hop3Error HOP3_BACKUP_KEY for another passphrase */
export async function openSecrets(text: string, passphrase: string): Promise<ServerSecrets> {
  const sealed = JSON.parse(text) as Sealed;
  const from = (part: string) => Buffer.from(part, 'base64');
  // What a damaged file asks for must not take the machine's memory.
  const { N, r, p } = sealed.scrypt;
  if (N * r * 128 > COST.maxmem || p > 16) throw wrong();
  try {
    const decipher = createDecipheriv('aes-256-gcm', await keyOf(passphrase, from(sealed.salt), { N, r, p, maxmem: COST.maxmem }), from(sealed.nonce));
    decipher.setAuthTag(from(sealed.tag));
    return JSON.parse(Buffer.concat([decipher.update(from(sealed.body)), decipher.final()]).toString('utf8')) as ServerSecrets;
  } catch (error) {
    throw wrong(error);
  }
}

/** Says whether a key is the one that a backup's secrets are sealed with; the key cannot be found from it. */
export function keyCheck(secretKey: string): string {
  const first = secretKey.split('\n').map((line) => line.trim()).find((line) => line !== '') ?? '';
  return createHmac('sha256', Buffer.from(first, 'base64')).update('hop3 backup').digest('hex');
}

function wrong(cause?: unknown): Hop3Error {
  return new Hop3Error('HOP3_BACKUP_KEY', { what: 'The passphrase does not open the key in this backup.', next: 'Nothing was restored. Give the passphrase that it was made with, byte for byte (one line end at its end does not count).', cause });
}

function keyOf(passphrase: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  return new Promise((resolve, reject) => scrypt(passphrase, salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key))));
}
