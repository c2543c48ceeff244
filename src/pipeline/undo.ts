/**
 * What a deploy must take back when it fails before the switch. A stage registers its undo as soon as its effect is
 * there; the newest is undone first. After `forget` nothing is taken back: the deploy is live.
 */
export class Undo {
  #incomplete = false;
  readonly #steps: { what: string; run: () => Promise<void> | void }[] = [];

  add(what: string, run: () => Promise<void> | void): void {
    this.#steps.push({ what, run });
  }

  forget(): void {
    this.#steps.length = 0;
  }

  /** Whether something could not be undone. */
  get isIncomplete(): boolean {
    return this.#incomplete;
  }

  /** Undoes all; a step that fails does not stop the others. Gives what could not be undone, for the server's log. */
  async unwind(): Promise<{ what: string; error: unknown }[]> {
    const failed: { what: string; error: unknown }[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.run();
      } catch (error) {
        this.#incomplete = true;
        failed.push({ what: step.what, error });
      }
    }
    return failed;
  }
}
