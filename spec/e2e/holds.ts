import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './world.ts';

/** Holds a server's deploys at named points (src/pipeline/test-barrier.ts) until a spec lets them go. */
export class Holds {
  readonly #dir = mkdtempSync('/var/tmp/hop3-holds-');

  /** What the server must be started with. */
  get env(): Record<string, string> {
    return { HOP3_TEST_BARRIER: this.#dir };
  }

  /** The next deploy that passes the point waits there, and so does every later one. */
  hold(point: string): void {
    rmSync(this.#file(point, 'reached'), { force: true });
    writeFileSync(this.#file(point, 'hold'), '');
  }

  reached(point: string): Promise<void> {
    return until(`a deploy at the point "${point}"`, () => existsSync(this.#file(point, 'reached')), 60);
  }

  release(point: string): void {
    rmSync(this.#file(point, 'hold'), { force: true });
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #file(point: string, kind: 'hold' | 'reached'): string {
    return join(this.#dir, `${point.replaceAll(' ', '-')}.${kind}`);
  }
}
