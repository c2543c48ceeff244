import { sizesOf, validOf } from './store.ts';

/** Sizes that are remembered; a store path never changes. */
const MOST = 200_000;
/** Paths in one question: the kernel takes 2 MB of arguments. */
const AT_ONCE = 5000;

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
    for (let at = 0; at < unknown.length; at += AT_ONCE) {
      const valid = await validOf(unknown.slice(at, at + AT_ONCE));
      const sizes = await sizesOf(valid);
      valid.forEach((path, index) => this.#known.set(path, sizes[index]!));
    }
  }

  of(path: string): number {
    return this.#known.get(path) ?? 0;
  }
}
