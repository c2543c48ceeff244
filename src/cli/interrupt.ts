/**
 * Ctrl-C for commands that talk to the server: the first ends them in good order, the second at once. It is listened to
 * only when somebody asks for the signal, since `hop3 up` has its own way of ending.
 */
export class Interrupt {
  #abort: AbortController | null = null;

  get signal(): AbortSignal {
    return (this.#abort ??= this.#listen()).signal;
  }

  get happened(): boolean {
    return this.#abort?.signal.aborted === true;
  }

  #listen(): AbortController {
    const abort = new AbortController();
    process.on('SIGINT', () => (abort.signal.aborted ? process.exit(130) : abort.abort()));
    return abort;
  }
}
