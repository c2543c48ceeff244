import { setFlagsFromString } from 'node:v8';

/**
 * How far V8 lets the heap grow before it collects all of it again, in percent of what lived through the last collection, while a large body comes in. By
 * itself it takes as little as 30, and it counts the pieces of the body: a push of 200 MB cost 13 full collections then, half of the server's
 * processor time for it. The pieces go earlier, with the young ones.
 */
const ROOMY_PERCENT = 300;
/** V8 decides by itself. */
const OWN_CHOICE = 0;

/**
 * Room in the heap for as long as somebody wants it. Only then: a server that always has it grows by 40 MB over a thousand deploys, and each program that it
 * starts costs the copy of its page tables.
 */
export class HeapRoom {
  readonly #set: (percent: number) => void;
  #wanted = 0;

  constructor(set = (percent: number) => setFlagsFromString(`--heap-growing-percent=${percent}`)) {
    this.#set = set;
  }

  /** @returns what ends it; a second call of that does nothing */
  take(): () => void {
    if (this.#wanted++ === 0) this.#set(ROOMY_PERCENT);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.#wanted === 0) this.#set(OWN_CHOICE);
    };
  }
}

export const heapRoom = new HeapRoom();
