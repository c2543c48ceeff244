import { Hop3Error } from '../src/errors.ts';

/** The Hop3Error that the work ends with; anything else, and success, fails the spec. */
export async function caught(work: Promise<unknown> | (() => unknown)): Promise<Hop3Error> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (error instanceof Hop3Error) return error;
    throw error;
  }
  throw new Error('expected a Hop3Error, and there was none');
}
