import { sizesOf } from './store.ts';

/** Sizes that are remembered; a store path never changes. */
const MOST = 200_000;

/** Bytes of store paths, asked for once. */
export class StoreSizes {
  readonly #known = new Map<string, number>();

  /**
   * Asks for those that are not known yet. Ones that the store does not have any more count as nothing.
   * @throws Hop3Error HOP3_COMMAND_FAILED, HOP3_TIMEOUT when nix could not tell
   */
  async learn(paths: Iterable<string>): Promise<void> {
    const unknown = [...new Set(paths)].filter((path) => !this.#known.has(path));
    if (this.#known.size + unknown.length > MOST) this.#known.clear();
    const sizes = await sizesOf(unknown);
    unknown.forEach((path, index) => {
      if (sizes[index] !== null) this.#known.set(path, sizes[index]!);
    });
  }

  /** Takes what somebody who asked for something else was told. */
  note(path: string, bytes: number): void {
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(path, bytes);
  }

  of(path: string): number {
    return this.#known.get(path) ?? 0;
  }
}
