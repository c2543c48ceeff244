import { Hop3Error } from '../errors.ts';
import type { DeployEvent, ReleaseInfo } from '../server/api-types.ts';
import type { Client } from './client.ts';
import { ServerError } from './server-error.ts';
import type { CommandContext } from './command-context.ts';

const CANCELLED = 'The server cancels what had not switched yet. `hop3 releases` says what is live now.';

/**
 * Asks for a deploy and shows its log as it comes. Gives the release that is live afterwards (null when the app has none).
 * @param whenLost what to do when the connection breaks
 * @throws ServerError when the deploy failed; Hop3Error when the connection broke or Ctrl-C was pressed
 */
export async function followDeploy(
  context: CommandContext, client: Client, method: 'POST' | 'PATCH', path: string, body: unknown,
  whenLost = CANCELLED,
): Promise<ReleaseInfo | null> {
  return followEvents(context, client, client.lines<DeployEvent>(method, path, body), whenLost);
}

/** The same for events that come some other way. */
export async function followEvents(context: CommandContext, client: Client, events: AsyncIterable<DeployEvent>, whenLost = CANCELLED): Promise<ReleaseInfo | null> {
  try {
    for await (const event of events) {
      if (event.kind === 'log') context.out.story(event.text);
      else if (event.kind === 'error') throw new ServerError(event.error);
      else return event.release;
    }
  } catch (error) {
    throw isLost(error) ? lost(error, whenLost) : error;
  }
  throw lost(new Hop3Error('HOP3_UNREACHABLE', { what: `The connection to ${client.server} ended before the server said how it went.` }), whenLost);
}

function isLost(error: unknown): error is Hop3Error {
  return error instanceof Hop3Error && (error.code === 'HOP3_INTERRUPTED' || error.what.includes('was cut'));
}

function lost(error: Hop3Error, next: string): Hop3Error {
  return new Hop3Error(error.code, {
    what: error.what,
    ...(error.why === undefined ? {} : { why: error.why }),
    next,
  });
}
