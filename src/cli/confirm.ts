import { Hop3Error } from '../errors.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Makes sure that the person means it: `--confirm=<name>`, or the name typed at the question.
 * @throws Hop3Error HOP3_NOT_CONFIRMED
 */
export async function confirmName(context: CommandContext, name: string, question: string, command: string): Promise<string> {
  const { flags } = context;
  const declined = (what: string) => new Hop3Error('HOP3_NOT_CONFIRMED', { what, next: `Nothing was changed. If it is meant: ${command} --confirm=${name}` });
  if (flags.confirm !== undefined) {
    if (flags.confirm === name) return name;
    throw declined(`--confirm=${flags.confirm} does not repeat the name of ${name}.`);
  }
  if (!context.canAsk) throw declined(`This needs a confirmation, and nobody can be asked here.`);
  const { ask } = await import('./ask.ts');
  const answer = await ask(`${question} Type ${name} to go on: `, context.signal);
  if (answer.trim() === name) return name;
  throw declined(`The answer was not ${name}.`);
}
