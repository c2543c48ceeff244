import { asHop3Error, Hop3Error } from '../errors.ts';
import { StreamingLog } from '../log.ts';
import type { Oid } from '../names.ts';
import type { ServerContext } from './context.ts';
import type { Hook } from './hook-socket.ts';
import { FLUSH, packet, PacketReader } from './pkt-line.ts';
import { MOST_COMMAND_BYTES, MOST_COMMANDS, parseCommand, readPushOptions, type RefCommand } from './receive-commands.ts';
import { handlePush, type Answers } from './receive-deploy.ts';
import { shortRef } from './receive-policy.ts';
import { shortReason, tellRejection } from './receive-report.ts';

/** Milliseconds the person's git gets to take the rest of the log before the answer follows anyway. */
const FLUSH_MS = 30_000;
/** What may be said besides commands: features and answers of the proc-receive protocol. */
const FEATURES = ['push-options', 'atomic'];

/**
 * Answers one run of hooks/proc-receive: git's commands in, `ok` or `ng <reason>` for each ref out, the log to the person in between. Never
 * throws; a conversation that breaks ends without an answer, which git takes for a refusal.
 */
export async function serveHook(context: ServerContext, hook: Hook): Promise<void> {
  const { push, input, output, log: client } = hook;
  push.hooked = true;
  const log = new StreamingLog({ sinks: [(text) => client.write(text)], maxOutputBytes: context.settings.maxLogBytes });
  let commands: readonly RefCommand[] = push.commands;
  let answers: Answers;
  try {
    const request = await readRequest(new PacketReader(input, MOST_COMMAND_BYTES), (features) => output.write(features));
    commands = request.commands;
    checkSame(commands, push.commands);
    answers = await handlePush(context, push, request.options, log);
  } catch (error) {
    const known = asHop3Error(error);
    if (known.code === 'HOP3_INTERNAL') context.reportDefect(`push to ${push.app}`, error);
    tellRejection(log, known);
    answers = new Map(commands.map(({ ref }) => [ref, { kind: 'refused', error: known }]));
  }
  const refused = firstRefusal(answers);
  if (refused) push.audit.fail(refused);
  else push.audit.end('done');
  log.close();
  // The log first: git prints its verdict last.
  await client.end(FLUSH_MS);
  output.write(Buffer.concat([...reportLines(answers), FLUSH]));
}

/** Why the push was not taken: the reason of the ref that was refused for itself. */
function firstRefusal(answers: Answers): Hop3Error | null {
  const errors = [...answers.values()].flatMap((answer) => (answer.kind === 'refused' ? [answer.error] : []));
  return errors.find((error) => error.code !== 'HOP3_WHOLE_PUSH') ?? errors[0] ?? null;
}

interface HookRequest {
  readonly commands: readonly RefCommand[];
  readonly options: readonly string[];
}

async function readRequest(reader: PacketReader, answer: (features: Buffer) => void): Promise<HookRequest> {
  const lines = await readLines(reader);
  const [version, features = ''] = (lines[0] ?? '').split('\0');
  if (version !== 'version=1') throw new Hop3Error('HOP3_GIT_REPO', { what: 'The server\'s git speaks another version of the proc-receive protocol.' });
  const agreed = FEATURES.filter((name) => features.split(' ').includes(name));
  answer(Buffer.concat([packet(`version=1${agreed.length > 0 ? `\0${agreed.join(' ')}` : ''}\n`), FLUSH]));
  const commands = (await readLines(reader)).map(parseCommand);
  const options = agreed.includes('push-options') ? await readPushOptions(reader) : [];
  return { commands, options };
}

async function readLines(reader: PacketReader): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length <= MOST_COMMANDS) {
    const next = await reader.read();
    if (next.kind === 'flush') return lines;
    if (next.kind === 'end') break;
    lines.push(next.bytes.toString('utf8').replace(/\n$/, ''));
  }
  throw new Hop3Error('HOP3_GIT_REPO', { what: 'The conversation with git ended early.' });
}

/**
 * The hook must ask for exactly what the client's request asked for. Git leaves out refs that it refuses itself (objects
 * missing from the pack, say); then nothing is done, since a push is taken whole or not at all.
 */
function checkSame(asked: readonly RefCommand[], announced: readonly RefCommand[]): void {
  const asks = new Set(asked.map(key));
  const known = new Set(announced.map(key));
  if ([...asks].some((command) => !known.has(command))) throw new Hop3Error('HOP3_GIT_REPO', { what: 'git asked for other refs than the client did' });
  const dropped = announced.find((command) => !asks.has(key(command)));
  if (dropped) throw new Hop3Error('HOP3_WHOLE_PUSH', { what: `left alone because git refused ${shortRef(dropped.ref)} in the same push` });
}

function key(command: RefCommand): string {
  return `${command.old ?? '-'} ${command.new ?? '-'} ${command.ref}`;
}

function reportLines(answers: Answers): Buffer[] {
  return [...answers].flatMap(([ref, answer]) => {
    if (answer.kind === 'refused') return [packet(`ng ${ref} ${shortReason(answer.error)}\n`)];
    return [packet(`ok ${ref}\n`), ...newOid(answer.moved)];
  });
}

/** Tells the client that the ref names something else than it sent: the commit of an annotated tag. */
function newOid(moved: Oid | null): Buffer[] {
  return moved === null ? [] : [packet(`option new-oid ${moved}\n`)];
}
