import { Command, Option } from 'commander';
import { CommandContext, type Options } from './command-context.ts';
import { commandTable, groupSummaries, type CommandSpec } from './command-table.ts';
import type { GlobalFlags } from './flags.ts';
import type { Interrupt } from './interrupt.ts';

const GLOBAL_FLAGS: readonly (readonly [string, string])[] = [
  ['-a, --app <name>', 'the app (also HOP3_APP, a file .hop3-app, hop3.toml, the git remote hop3)'],
  ['--server <url>', 'the server (also HOP3_SERVER; default http://127.0.0.1:7000)'],
  ['--json', 'answers and errors as JSON; no questions, no colours'],
  ['-q, --quiet', 'only answers and errors'],
  ['-v, --verbose', 'say which app, server and token are used'],
  ['-y, --yes', 'yes to questions'],
  ['--force', 'do it without asking'],
  ['--confirm <name>', "repeat the app's name where something cannot be undone"],
  ['--no-input', 'never ask; fail instead'],
  ['--why', 'only say how app, server and token are found'],
];

/** The whole command as commander sees it. `ran` gets the exit code. */
export function buildProgram(interrupt: Interrupt, ran: (exitCode: number) => void): Command {
  const program = new Command('hop3');
  program
    .description('git push, and the app is live')
    .usage('<command> [flags]')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .addHelpText('after', '\nExit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 no or bad token, 5 forbidden, 6 conflict,\n7 network or server, 8 deploy failed, 9 not identical, 10 declined, 130 Ctrl-C.\nEvery command with an example: docs/cli.md')
    .option('-V, --version', 'print the version');
  for (const [flags, text] of GLOBAL_FLAGS) program.addOption(new Option(flags, text));
  prepare(program);
  for (const spec of commandTable) add(program, spec, interrupt, ran);
  return program;
}

function add(program: Command, spec: CommandSpec, interrupt: Interrupt, ran: (exitCode: number) => void): void {
  const [first, second] = spec.path.split(' ') as [string, string | undefined];
  const parent = second === undefined ? program : group(program, first);
  const command = parent.command(`${second ?? first}${spec.args ? ` ${spec.args}` : ''}`).description(spec.summary);
  for (const [flags, text] of spec.options ?? []) command.option(flags, text);
  command.addHelpText('after', `\nExample: ${spec.example}`);
  prepare(command);
  command.action(async (...received: unknown[]) => {
    // commander gives the arguments, then the command's own options, then itself.
    const args = received.slice(0, -2).flat().filter((value): value is string => typeof value === 'string');
    const context = new CommandContext(program.opts<GlobalFlags>(), interrupt);
    if (context.flags.why) {
      await context.explain(spec.app);
      return;
    }
    const handler = await spec.load();
    ran((await handler(context, args, command.opts<Options>())) ?? 0);
  });
}

function group(program: Command, name: string): Command {
  const found = program.commands.find((command) => command.name() === name);
  if (found) return found;
  const made = program.command(name).description(groupSummaries[name] ?? '').usage('<verb> [flags]');
  prepare(made);
  return made;
}

/** Every command throws instead of ending the process, and a bare word too many is an error. */
function prepare(command: Command): void {
  command
    .exitOverride()
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .configureOutput({ writeErr: () => {}, outputError: () => {} });
}
