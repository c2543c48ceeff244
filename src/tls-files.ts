import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Hop3Error } from './errors.ts';

/** PEM files: the certificate with its chain, and its key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Reads both files and sees that they can serve together.
 * @throws Hop3Error HOP3_SETTING that names the setting and what is wrong with its file
 */
export function readTlsFiles({ cert, key }: TlsFiles): TlsPair {
  const pair = { cert: read('HOP3_TLS_CERT', cert), key: read('HOP3_TLS_KEY', key) };
  const certificate = parse('HOP3_TLS_CERT', cert, 'a certificate in PEM form, with the chain of its authority behind it', () => new X509Certificate(pair.cert));
  const privateKey = parse('HOP3_TLS_KEY', key, 'a private key in PEM form, without a passphrase', () => createPrivateKey(pair.key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Hop3Error('HOP3_SETTING', { what: `The key in HOP3_TLS_KEY=${key} is not the one of the certificate in HOP3_TLS_CERT=${cert}.`, next: 'Name the two files that were made together.' });
  }
  parse('HOP3_TLS_CERT', cert, 'a certificate and its chain that OpenSSL takes', () => createSecureContext(pair));
  return pair;
}

/** Changes whenever one of the files does; null while one is missing, as in the middle of a renewal. */
export function stampOf({ cert, key }: TlsFiles): string | null {
  const found = [cert, key].map((file) => statSync(file, { throwIfNoEntry: false }));
  return found.every((one) => one !== undefined) ? found.map((one) => `${one.ino} ${one.size} ${one.mtimeMs}`).join(' ') : null;
}

function read(setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Hop3Error('HOP3_SETTING', {
      what: `${setting}=${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
      next: 'Name a PEM file that the user Hop3 runs as may read.',
    });
  }
}

/** OpenSSL's own words may quote the file; they are left out. */
function parse<T>(setting: string, file: string, wanted: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new Hop3Error('HOP3_SETTING', { what: `${setting}=${file} does not hold ${wanted}.`, next: 'Look at it with openssl x509 -noout -text -in FILE, or openssl pkey -noout -in FILE.', cause: error });
  }
}
