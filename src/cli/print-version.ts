import { VERSION } from '../version.ts';

/** `hop3 --version`. */
export function main(_argv: readonly string[]): Promise<number> {
  process.stdout.write(`hop3 ${VERSION}\n`);
  return Promise.resolve(0);
}
