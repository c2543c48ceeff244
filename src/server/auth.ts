import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { customAlphabet } from 'nanoid';
import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { NewToken, TokenRow, Tokens } from '../store/tokens.ts';
import { FailureDelays } from './auth-delays.ts';

/** Who is asking. */
export interface Principal {
  /** The token's name, for the release list. */
  readonly name: string;
  readonly tokenId: string;
  /** The one app the token covers; null for an administrator's. */
  readonly app: AppName | null;
}

/** The token in HOP3_ADMIN_TOKEN_FILE; no stored token can have this id, which is shorter than theirs. */
const ADMIN: Principal = { name: 'admin', tokenId: 'admin', app: null };

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const newId = customAlphabet(ALPHABET, 12);
/** 43 characters of 62 hold 256 bits. */
const newSecret = customAlphabet(ALPHABET, 43);
/** Longest token text that is looked at: ours have 61 characters, an operator's own admin token may be longer. */
const LONGEST_TOKEN = 512;
/** What an operator may put into the admin token file by hand, at least: guessing it must be hopeless. */
const SHORTEST_ADMIN_TOKEN = 20;
/** Stands in for the hash of a token that does not exist, so that an unknown id costs what a known one does. */
const NO_HASH = createHash('sha256').update(newSecret()).digest();

export interface TokenText {
  readonly id: string;
  /** `hop3_<id>_<secret>`; shown once and kept nowhere. */
  readonly text: string;
  /** SHA-256 of the text, hex: what is stored. */
  readonly hash: string;
}

export function newToken(id: string = newId()): TokenText {
  const text = `hop3_${id}_${newSecret()}`;
  return { id, text, hash: sha256(text).toString('hex') };
}

/** Makes a token and stores its hash. */
export function createToken(store: { readonly tokens: Pick<Tokens, 'create'> }, about: Pick<NewToken, 'name' | 'app' | 'expiresAt'>): TokenText {
  const made = newToken();
  store.tokens.create({ id: made.id, hash: made.hash, ...about });
  return made;
}

/**
 * Writes a fresh administrator's token, 0600, unless the file is there already. The file appears whole or not at all, and of two
 * servers that start at once one wins.
 * @returns whether it was made now
 */
export async function createAdminToken(file: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${newId()}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${newToken(ADMIN.tokenId).text}\n`);
    await handle.sync();
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await handle.close();
    await unlink(draft);
  }
}

export function isAdmin(principal: Principal): boolean {
  return principal.app === null;
}

/** Whether the token covers the app. Says nothing about the app's existence. */
export function mayUse(principal: Principal, app: AppName): boolean {
  return isAdmin(principal) || principal.app === app;
}

/** Turns an Authorization header into a Principal. */
export class Authenticator {
  /** What an administrator showed, to see later whether the file still says so. */
  readonly #shown = new WeakMap<Principal, Buffer>();
  readonly #tokens: Pick<Tokens, 'find' | 'touch'>;
  readonly #adminFile: string;
  readonly #delays: FailureDelays;
  #admin: { readonly stamp: string; readonly hash: Buffer } | null = null;

  constructor(tokens: Pick<Tokens, 'find' | 'touch'>, adminTokenFile: string, delays: FailureDelays = new FailureDelays()) {
    this.#tokens = tokens;
    this.#adminFile = adminTokenFile;
    this.#delays = delays;
  }

  /**
   * @param header the Authorization header: `Bearer <token>`, or `Basic` with any user name and the token as the password
   * @param address where the request comes from; repeated failures of one address are answered late
   * @throws Hop3Error HOP3_NOT_AUTHENTICATED, in the same words for every token that is not accepted
   */
  async authenticate(header: string | undefined, address: string): Promise<Principal> {
    if (header === undefined || header.trim() === '') {
      throw new Hop3Error('HOP3_NOT_AUTHENTICATED', {
        what: 'This address needs a token, and none was shown.',
        next: 'For git: git remote set-url hop3 http://hop3:<token>@<host>/<app>.git   For hop3: set HOP3_API_TOKEN.',
      });
    }
    const principal = this.#principalOf(tokenIn(header));
    if (principal) {
      this.#delays.succeeded(address);
      return principal;
    }
    await this.#delays.wait(this.#delays.failed(address));
    throw new Hop3Error('HOP3_NOT_AUTHENTICATED', {
      what: 'The token was not accepted.',
      next: 'Check the token in the remote\'s address (git remote -v) or in HOP3_API_TOKEN, or ask an administrator for a new one.',
    });
  }

  /** Whether the token of somebody who was let in would let them in now: it may have been revoked, or have ended. */
  stillValid(principal: Principal): boolean {
    const shown = this.#shown.get(principal);
    if (shown) return timingSafeEqual(shown, this.#adminHash() ?? NO_HASH);
    const row = this.#tokens.find(principal.tokenId);
    return row !== null && isValid(row);
  }

  /** Which known token a refused request claims to have, whether or not it was the whole of it. Nothing else of what was shown is told. */
  claimed(header: string | undefined): { readonly by: string | null; readonly token: string | null } {
    const row = this.#tokens.find(idIn(tokenIn(header ?? '')));
    return { by: row?.name ?? null, token: row?.id ?? null };
  }

  #principalOf(text: string | null): Principal | null {
    const shown = sha256(text ?? '');
    // Both comparisons are always made, whatever the text looks like.
    const row = this.#tokens.find(idIn(text));
    const storedMatches = timingSafeEqual(shown, row ? Buffer.from(row.hash, 'hex') : NO_HASH);
    const adminMatches = timingSafeEqual(shown, this.#adminHash() ?? NO_HASH);
    if (text === null) return null;
    if (adminMatches) {
      const admin = { ...ADMIN };
      this.#shown.set(admin, shown);
      return admin;
    }
    if (!row || !storedMatches || !isValid(row)) return null;
    this.#tokens.touch(row.id);
    return { name: row.name, tokenId: row.id, app: row.app };
  }

  /** Read again when the file changes, so that an operator can replace the token without a restart. */
  #adminHash(): Buffer | null {
    const found = statSync(this.#adminFile, { throwIfNoEntry: false });
    if (!found) {
      this.#admin = null;
      return null;
    }
    const stamp = `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
    if (this.#admin?.stamp !== stamp) {
      const text = readFileSync(this.#adminFile, 'utf8').trim();
      this.#admin = { stamp, hash: text.length >= SHORTEST_ADMIN_TOKEN ? sha256(text) : NO_HASH };
    }
    return this.#admin.hash;
  }
}

function idIn(text: string | null): string {
  return /^hop3_([0-9A-Za-z]+)_/.exec(text ?? '')?.[1] ?? '';
}

function isValid(row: TokenRow): boolean {
  return row.revokedAt === null && (row.expiresAt === null || row.expiresAt > Date.now());
}

function tokenIn(header: string): string | null {
  const match = /^ *(basic|bearer) +(\S+) *$/i.exec(header);
  if (!match) return null;
  let text = match[2]!;
  if (match[1]!.toLowerCase() === 'basic') {
    const pair = Buffer.from(text, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    if (colon === -1) return null;
    text = pair.slice(colon + 1);
  }
  return text === '' || text.length > LONGEST_TOKEN ? null : text;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
