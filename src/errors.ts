import { catalog, type ErrorCode } from './error-catalog.ts';

export type { ErrorCode } from './error-catalog.ts';

export interface Hop3ErrorFields {
  /** What happened, one sentence, with its place (file:line:column where there is one). */
  readonly what: string;
  /** Why, or the last useful words of whatever failed. May hold several lines. */
  readonly why?: string;
  /** What is still running and what to do next. May hold several lines. */
  readonly next?: string;
  readonly cause?: unknown;
}

/**
 * The one error that is meant to be read by a user. Anything else that is thrown is a defect: the user
 * is shown HOP3_INTERNAL and the stack goes to the server's own log.
 */
export class Hop3Error extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly why: string | undefined;
  readonly next: string | undefined;

  constructor(code: ErrorCode, fields: Hop3ErrorFields) {
    super(fields.what, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'Hop3Error';
    this.code = code;
    this.what = fields.what;
    this.why = fields.why;
    this.next = fields.next;
  }

  /** HTTP status of this error when the API answers with it. */
  get status(): number {
    return catalog[this.code].status;
  }

  /** Exit code of the `hop3` command for this error (docs/errors.md has the table). */
  get exitCode(): number {
    return catalog[this.code].exit;
  }
}

/**
 * Any thrown value as a Hop3Error. What is not one already becomes HOP3_INTERNAL, which tells the
 * client nothing of the server's inside; the original stays in `cause` for the server's log.
 */
export function asHop3Error(error: unknown): Hop3Error {
  if (error instanceof Hop3Error) return error;
  return fromDisk(error) ?? new Hop3Error('HOP3_INTERNAL', {
    what: 'Hop3 met an error of its own.',
    next: 'The server log has the cause: hop3 status --server-log',
    cause: error,
  });
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);

/** What is full, what still runs, what to do. */
export function fullDisk(cause?: unknown): Hop3Error {
  return new Hop3Error('HOP3_DISK_FULL', {
    what: 'The disk of HOP3_ROOT on the server is full.',
    next: 'Apps that run keep running. Make room there (hop3 gc lets go of what nothing needs), then try again.',
    cause,
  });
}

/** The disk's own errors are the operator's to mend, and no defect. */
function fromDisk(error: unknown): Hop3Error | null {
  const given = (error as { code?: unknown } | null)?.code;
  const code = typeof given === 'string' ? given : '';
  if (FULL.has(code)) {
    return fullDisk(error);
  }
  if (!/^SQLITE_(?:READONLY|IOERR|CANTOPEN|CORRUPT|NOTADB|PERM)/.test(code)) return null;
  return new Hop3Error('HOP3_DATABASE', {
    what: `The server's database cannot be ${code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_IOERR') ? 'written' : 'used'} (${code}).`,
    next: 'On the server: does hop3.db in HOP3_ROOT belong to the user that Hop3 runs as, and is its disk writable? Apps that run keep running.', cause: error,
  });
}
