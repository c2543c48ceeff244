import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { keepConfinement, startServerAnew, waitUntilUp, type Replacement } from '../runtime/supervisor.ts';
import type { Settings } from '../settings.ts';
import { currentSchema, rehearseMigration } from '../store/migrate.ts';

/** One more than a start that was unlucky. */
const MOST_DEATHS = 3;

/**
 * Replaces the server under the supervisor that runs by this version's: the upgrade of a live Hop3. Workers, nginx and addon
 * servers are not touched, so no app stops answering; git and the API are away for the seconds that a start takes. The database is
 * migrated by the new server, after a rehearsal on a copy. A new server that does not answer gives way to the old one again, as long as
 * the database is one that the old one understands.
 * @throws Hop3Error HOP3_DATABASE before anything was changed; HOP3_NOT_READY
 */
export async function replaceServer(paths: Paths, settings: Settings, replacement: Replacement, limit: number | undefined, note: (text: string) => void): Promise<void> {
  note(`another version runs${replacement.from === null ? '' : ` (${replacement.from})`}; its server is replaced, the apps go on`);
  const rehearsed = rehearseMigration(paths.database, paths.databaseCopies);
  if (rehearsed?.changes) note(`the database has schema ${rehearsed.version}; it is copied to ${paths.databaseCopies} and brought to the newest one`);
  keepConfinement(paths);
  await startServerAnew(paths, replacement.after);
  try {
    await waitUntilUp(paths, settings, { limit, mostDeaths: MOST_DEATHS });
  } catch (error) {
    throw await goBack(paths, settings, replacement, rehearsed?.version ?? null, limit, error);
  }
}

async function goBack(paths: Paths, settings: Settings, replacement: Replacement, version: number | null, limit: number | undefined, error: unknown): Promise<unknown> {
  if (!(error instanceof Hop3Error)) return error;
  const failed = (next: string) => new Hop3Error(error.code, { what: `The new server did not take over: ${error.what}`, ...(error.why === undefined ? {} : { why: error.why }), next, cause: error });
  if (schemaNow(paths) !== version) {
    return failed(`The apps go on; the new server is tried again every second. The database has its new schema already, so the old server cannot take it up. To go back: docs/operations.md, "Going back".`);
  }
  await startServerAnew(paths, replacement.before);
  const answers = await waitUntilUp(paths, settings, { limit }).then(() => true, () => false);
  return failed(answers ? 'The server from before was started again and answers; the database is as it was, and the apps went on.' : 'The server from before was started again but does not answer either; the apps go on. Look at hop3 status --server-log.');
}

/** A schema that cannot be told is none of those that were there before. */
function schemaNow(paths: Paths): number | null {
  try {
    return currentSchema(paths.database);
  } catch {
    return Number.NaN;
  }
}
