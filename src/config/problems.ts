import { Hop3Error } from '../errors.ts';
import type { Position } from './toml-map.ts';

/** More than this many of one kind are counted, not shown. */
const SHOWN = 50;

interface Remark {
  readonly file: string;
  readonly order: number;
  readonly position: Position;
  readonly message: () => string;
}

/**
 * What is wrong with an app's configuration, gathered so that one push shows all of it. Messages are functions, since
 * finding the nearest key is not free and a hostile file can have tens of thousands of unknown ones.
 */
export class Problems {
  private readonly problems: Remark[] = [];
  private readonly remarks: Remark[] = [];
  private readonly files: string[] = [];

  /** Something that must be corrected before the app can be deployed. */
  add(file: string, position: Position, message: () => string): void {
    this.problems.push({ file, order: this.orderOf(file), position, message });
  }

  /** Something the pusher should know, and that does not stop the push. */
  note(file: string, position: Position, message: () => string): void {
    this.remarks.push({ file, order: this.orderOf(file), position, message });
  }

  get any(): boolean {
    return this.problems.length > 0;
  }

  /** The notes in file order, each `file:line:column: text`. */
  notices(): string[] {
    return inOrder(this.remarks);
  }

  /** @throws Hop3Error HOP3_CONFIG with every problem, when there is one */
  throwIfAny(): void {
    if (!this.any) return;
    const [first, ...rest] = inOrder(this.problems);
    const more = this.problems.length - 1;
    const files = [...new Set(this.problems.map((problem) => problem.file))].join(' and ');
    throw new Hop3Error('HOP3_CONFIG', {
      what: more === 0 ? first! : `${first!.replace(/\.$/, '')} (and ${more} more)`,
      ...(rest.length > 0 ? { why: rest.join('\n') } : {}),
      next: `Nothing was built. Correct ${files}, commit, and push again; docs/hop3-toml.md lists every key.`,
    });
  }

  private orderOf(file: string): number {
    if (!this.files.includes(file)) this.files.push(file);
    return this.files.indexOf(file);
  }
}

function inOrder(remarks: readonly Remark[]): string[] {
  const sorted = remarks.toSorted((a, b) => a.order - b.order || a.position.line - b.position.line || a.position.column - b.position.column);
  const lines = sorted.slice(0, SHOWN).map(({ file, position, message }) => `${file}:${position.line}:${position.column}: ${message()}`);
  if (sorted.length > SHOWN) lines.push(`... and ${sorted.length - SHOWN} more`);
  return lines;
}
