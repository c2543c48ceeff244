import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';

/** `v3` or `3`. @throws Hop3Error HOP3_USAGE */
export function parseVersion(text: string): number {
  const match = /^v?([1-9]\d{0,8})$/.exec(text);
  if (match) return Number(match[1]);
  throw new Hop3Error('HOP3_USAGE', { what: `"${printable(text)}" is no release.`, next: 'A release looks like v3. `hop3 releases` lists them.' });
}

/** A count from an option. @throws Hop3Error HOP3_USAGE that names the option and its bounds */
export function parseCount(flag: string, text: string | boolean | undefined, fallback: number, most: number): number {
  if (text === undefined) return fallback;
  const value = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new Hop3Error('HOP3_USAGE', { what: `${flag} takes a whole number from 0 to ${most}, got "${printable(String(text))}".` });
}
