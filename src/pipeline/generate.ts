import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { GeneratedValue } from '../config/model.ts';

// Without letters and digits that look alike: people type these.
const PASSWORD_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/** A new secret from the system's cryptographic source. */
export function generateValue(value: GeneratedValue): string {
  switch (value.generate) {
    case 'hex': return value.prefix + randomBytes(value.length).toString('hex');
    case 'base64': return value.prefix + randomBytes(value.length).toString('base64');
    case 'urlsafe': return value.prefix + randomBytes(value.length).toString('base64url');
    case 'uuid': return value.prefix + randomUUID();
    case 'password': return value.prefix + Array.from({ length: value.length }, () => PASSWORD_LETTERS[randomInt(PASSWORD_LETTERS.length)]).join('');
  }
}
