import type { CommanderError } from 'commander';
import { Hop3Error } from '../errors.ts';
import { Interrupt } from './interrupt.ts';
import { Output } from './output.ts';
import { infoOf } from './server-error.ts';
import { normaliseWords } from './words.ts';

/**
 * The `hop3` command. Gives the exit code; nothing below ends the process, so that what was written arrives.
 * `argv` is what follows the script's name.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new Interrupt();
  let exitCode = 0;
  const { buildProgram } = await import('./program.ts');
  const program = buildProgram(interrupt, (code) => {
    exitCode = code;
  });
  const out = new Output({ json: argv.includes('--json') });
  try {
    const words = normaliseWords(argv);
    if (words.length === 0) program.help();
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (isCommanderError(error)) return usage(error, argv, out);
    const info = infoOf(interrupt.happened && !(error instanceof Hop3Error) ? new Hop3Error('HOP3_INTERRUPTED', { what: 'Interrupted.' }) : error);
    if (!info) throw error;
    out.error(info);
    return info.exit_code;
  }
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('commander.');
}

/** commander's errors: help and version are none, the rest is one sentence and exit code 2. */
function usage(error: CommanderError, argv: readonly string[], out: Output): number {
  if (error.exitCode === 0) return 0;
  const [first, ...rest] = error.message.replace(/^error: /, '').split('\n');
  const hints = rest.map((line) => line.replace(/^\((.*)\)$/, '$1')).filter((line) => line !== '');
  const excess = error.code === 'commander.excessArguments';
  const info = infoOf(new Hop3Error('HOP3_USAGE', {
    what: excess ? `Too many words: ${argv.filter((word) => !word.startsWith('-')).join(' ')}.` : sentence(first ?? ''),
    next: [...hints, ...(argv.includes('run') && !argv.includes('--') ? ['Flags of the command itself stand behind two dashes: hop3 run -- ls -la'] : []), ...(excess ? ['An app is never a bare word: say --app <name>.'] : []), 'hop3 help lists the commands.'].join('\n'),
  }))!;
  out.error(info);
  return info.exit_code;
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
