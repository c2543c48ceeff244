import { Hop3Error } from '../errors.ts';
import type { CommandContext } from './command-context.ts';

export interface Confirmation {
  /** What would be lost, as a sentence. */
  readonly question: string;
  /** What to type for it, without the confirmation. */
  readonly command: string;
  /** Whether the name was typed on the command line: only then do `--yes` and `--force` count, since they cannot mean another thing. */
  readonly named: boolean;
}

/**
 * Makes sure that the person means it: `--confirm=<name>`, `--yes` where the name was typed, or the name typed at the question.
 * @throws Hop3Error HOP3_NOT_CONFIRMED
 */
export async function confirmName(context: CommandContext, name: string, { question, command, named }: Confirmation): Promise<string> {
  const { flags } = context;
  const declined = (what: string) => new Hop3Error('HOP3_NOT_CONFIRMED', { what, next: `Nothing was changed. If it is meant: ${command} --confirm=${name}` });
  if (flags.confirm !== undefined) {
    if (flags.confirm === name) return name;
    throw declined(`--confirm=${flags.confirm} does not repeat the name of ${name}.`);
  }
  if (named && (flags.yes || flags.force)) return name;
  if (!context.canAsk) throw declined('This needs a confirmation, and nobody can be asked here.');
  const { ask } = await import('./ask.ts');
  const answer = await ask(`${question} Type ${name} to go on: `, context.signal);
  if (answer.trim() === name) return name;
  throw declined(`The answer was not ${name}.`);
}
