import { Hop3Error } from '../errors.ts';
import { lookAtBuilding } from './building.ts';
import { lookAtDatabase } from './database.ts';
import { lookAtMachine } from './machine.ts';
import { fail, type Finding, type Look, type Surroundings } from './model.ts';
import { lookAtPrograms } from './programs.ts';
import { lookAtRoot } from './root.ts';
import { lookAtServing } from './serving.ts';

export type { Finding } from './model.ts';

/**
 * Looks at all that Hop3 needs on this machine, by trying it where it can be tried: builds a derivation, starts a sandbox, evaluates what must be
 * refused. Changes nothing that lasts, and shows no secret. Works whether the server runs or not.
 */
export async function* examine(surroundings: Surroundings): AsyncGenerator<Finding> {
  const looks: Look[] = [...lookAtPrograms, ...lookAtBuilding, ...lookAtRoot, ...lookAtDatabase, ...lookAtServing, ...lookAtMachine];
  for (const { name, look } of looks) {
    try {
      yield* await look(surroundings);
    } catch (error) {
      if (!(error instanceof Hop3Error)) yield fail(name, (error as Error).message, 'This is a defect of hop3 doctor, or a disk that cannot be read.');
      else yield fail(name, [error.what, error.why].filter((line) => line !== undefined).join('\n'), error.next ?? `docs/errors.md has more about ${error.code}.`);
    }
  }
}
