import { Hop3Error } from './errors.ts';

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** A checked app name: safe as a path component, a host name label and an nginx identifier. */
export type AppName = Branded<string, 'AppName'>;
/** A full, lower-case object id (SHA-1 or SHA-256 repository). */
export type Oid = Branded<string, 'Oid'>;
/** An absolute path below /nix/store, one component deep. */
export type StorePath = Branded<string, 'StorePath'>;

const APP_NAME = /^[a-z](?:[a-z0-9-]{0,37}[a-z0-9])?$/;
// Words that are host names or route prefixes of Hop3 itself.
const RESERVED = new Set(['api', 'admin', 'hop3', 'www', 'localhost', 'git', 'healthz', 'static', 'status', 'nginx', 'server']);

/**
 * Checks an app name. It is refused, never repaired: a repaired name would be another app's.
 * @throws Hop3Error HOP3_APP_NAME
 */
export function parseAppName(text: string): AppName {
  if (!APP_NAME.test(text) || text.includes('--')) {
    throw new Hop3Error('HOP3_APP_NAME', {
      what: `"${printable(text)}" cannot be an app name.`,
      why: 'An app name has 1 to 39 characters: lower-case letters, digits and single hyphens; it begins with a letter and does not end with a hyphen.',
      next: 'It becomes a host name (<app>.<domain>), so the rules are those of one.',
    });
  }
  if (RESERVED.has(text)) {
    throw new Hop3Error('HOP3_APP_NAME', {
      what: `"${text}" is reserved for Hop3 itself.`,
      next: `Choose another name, for example "${text}-app".`,
    });
  }
  return text as AppName;
}

export function isOid(text: string): text is Oid {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** @throws TypeError for anything but a full object id; callers pass what git printed, so this is a defect and no user error */
export function asOid(text: string): Oid {
  if (!isOid(text)) throw new TypeError(`not an object id: ${printable(text)}`);
  return text;
}

/** The first seven digits, as people read commits. */
export function shortOid(oid: string): string {
  return oid.slice(0, 7);
}

/** All zeros: git's way to say "no object" in a ref update. */
export function isZeroOid(text: string): boolean {
  return /^0+$/.test(text);
}

const STORE_PATH = /^\/nix\/store\/[0-9a-df-np-sv-z]{32}-[A-Za-z0-9+._?=-]{1,211}$/;

export function isStorePath(text: string): text is StorePath {
  return STORE_PATH.test(text);
}

/** The text with everything that could repaint a terminal, end a line or is half a character made visible, at most 200 characters. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const safe = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Surrogate}]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return safe.length > 200 ? `${safe.slice(0, 200).replace(/[\ud800-\udbff]$/, '')}...` : safe;
}
