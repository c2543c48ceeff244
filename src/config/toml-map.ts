/** Both count from 1; a column is a UTF-16 unit, as in most editors. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Names of tables and keys, and numbers for places in lists: `['nix', 'config-files', 0, 'path']`. */
export type KeyPath = readonly (string | number)[];

interface Spot {
  readonly key: number;
  readonly start: number;
  readonly end: number;
}

/** Deeper paths are not remembered: a dotted key can have a hundred thousand parts. */
export const MAX_REMEMBERED = 40;

export class TomlMap {
  private readonly text: string;
  private readonly spots = new Map<string, Spot>();
  private readonly lines: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.lines.push(at + 1);
  }

  remember(path: KeyPath, key: number, start: number, end: number): void {
    if (path.length > MAX_REMEMBERED) return;
    const id = JSON.stringify(path);
    if (!this.spots.has(id)) this.spots.set(id, { key, start, end });
  }

  /** Where the key begins (of a list's item: where the item begins); of an unknown path, its nearest known parent. */
  keyAt(path: KeyPath): Position {
    return this.positionOf(this.spot(path)?.key ?? 0);
  }

  /** Where the value of the key begins; a table header is its own value. */
  valueAt(path: KeyPath): Position {
    return this.positionOf(this.spot(path)?.start ?? 0);
  }

  /** The value as it was written, or null where the path is not in the text. */
  written(path: KeyPath): string | null {
    const spot = this.spots.get(JSON.stringify(path));
    return spot === undefined ? null : this.text.slice(spot.start, spot.end);
  }

  positionOf(offset: number): Position {
    let low = 0;
    let high = this.lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lines[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.lines[low]! + 1 };
  }

  private spot(path: KeyPath): Spot | undefined {
    for (let length = path.length; length > 0; length--) {
      const spot = this.spots.get(JSON.stringify(path.slice(0, length)));
      if (spot !== undefined) return spot;
    }
    return undefined;
  }
}
