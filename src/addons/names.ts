import { randomBytes } from 'node:crypto';

/**
 * A name for a user and its database: letters, digits and _ alone, so that no server needs it quoted and no pattern character
 * of MariaDB's GRANT is in it but `_`; at most 32 characters, the shortest limit of the three servers (MariaDB's users:
 * 80; PostgreSQL cuts silently at 63). The end makes it unlike that of an addon of the same name that was destroyed.
 */
export function databaseName(addon: string): string {
  const readable = addon.replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 24);
  return `h_${readable === '' ? 'addon' : readable}_${randomBytes(2).toString('hex')}`.slice(0, 32);
}

/** 192 bits in letters that stand unescaped in a URL, a shell word and a configuration file. */
export function newPassword(): string {
  return randomBytes(24).toString('hex');
}
