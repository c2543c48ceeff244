import { asHop3Error, Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { AUDIT_COUNTS, type Audit, type AuditResult, type NewAuditRow } from '../store/audit.ts';
import { RefusalLimit } from './audit-refusals.ts';
import type { Principal } from './auth.ts';

/** Entries between two looks for what is too old or too much. */
const PRUNE_EVERY = 1000;
/** Characters of all names of an entry together: a request may name thousands of variables. */
const LONGEST_NAMES = 1000;

export type NewEntry = Pick<NewAuditRow, 'action' | 'app' | 'names' | 'address'>;

/** An action that goes on. Ended once; what comes later changes nothing. */
export class AuditEntry {
  readonly #end: (result: AuditResult, note: string | null) => void;
  #open = true;

  constructor(end: (result: AuditResult, note: string | null) => void) {
    this.#end = end;
  }

  end(result: AuditResult, note: string | null = null): void {
    if (!this.#open) return;
    this.#open = false;
    this.#end(result, note);
  }

  /** Ends as this error does: cancelled or failed, with its code. */
  fail(error: Hop3Error): void {
    this.end(error.code === 'HOP3_CANCELLED' ? 'cancelled' : 'failed', error.code);
  }
}

/** Writes the audit log: an action before it begins and again when it has ended, so that one the server did not survive is told too. */
export class AuditLog {
  readonly #rows: Audit;
  readonly #days: number;
  readonly #reportDefect: (where: string, error: unknown) => void;
  readonly #refusals = new RefusalLimit();
  #written = 0;

  constructor(rows: Audit, days: number, reportDefect: (where: string, error: unknown) => void) {
    this.#rows = rows;
    this.#days = days;
    this.#reportDefect = reportDefect;
  }

  /** @throws Hop3Error HOP3_DATABASE: what cannot be told is not done */
  begin(principal: Principal, entry: NewEntry): AuditEntry {
    let id: number;
    try {
      id = this.#rows.begin({ ...entry, kind: 'action', by: principal.name, token: principal.tokenId, names: shortened(entry.names) });
    } catch (error) {
      const known = asHop3Error(error);
      const isFull = known.code === 'HOP3_DISK_FULL';
      throw new Hop3Error(isFull ? known.code : 'HOP3_DATABASE', {
        what: `The audit log cannot be written, so nothing was done.${isFull ? ` ${known.what}` : ''}`,
        next: isFull ? known.next : 'The server log has the cause; the database may be read-only, or belong to another user. Apps that run keep running.',
        cause: error,
      });
    }
    this.#count();
    return new AuditEntry((result, note) => this.#attempt(() => this.#rows.end(id, result, note)));
  }

  /** What no token allowed. Of one address, and of all together, only so many a minute; the next one says how many were left out. */
  refused(who: Pick<NewAuditRow, 'by' | 'token'>, entry: NewEntry, code: string): void {
    const leftOut = this.#refusals.take(entry.address);
    if (leftOut === null) return;
    const names = leftOut > 0 ? [...entry.names, `and ${leftOut} more before`] : entry.names;
    this.#attempt(() => this.#rows.end(this.#rows.begin({ ...entry, ...who, kind: 'refusal', names: shortened(names) }), 'refused', code));
    this.#count();
  }

  /** Removes what is too old or too much. */
  prune(): void {
    this.#attempt(() => this.#rows.prune({ days: this.#days, ...AUDIT_COUNTS }));
  }

  #count(): void {
    this.#written += 1;
    if (this.#written % PRUNE_EVERY === 0) this.prune();
  }

  /** What has been done is not undone because its end cannot be told; that is said in the server log. */
  #attempt(write: () => unknown): void {
    try {
      write();
    } catch (error) {
      this.#reportDefect('the audit log', error);
    }
  }
}

function shortened(names: readonly string[]): string[] {
  const kept: string[] = [];
  let left = LONGEST_NAMES;
  for (const name of names) {
    const shown = printable(name);
    left -= shown.length;
    if (left < 0) return [...kept, `and ${names.length - kept.length} more`];
    kept.push(shown);
  }
  return kept;
}
