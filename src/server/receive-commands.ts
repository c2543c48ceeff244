import { Hop3Error } from '../errors.ts';
import { isRefName } from '../git/ref-name.ts';
import { isOid, isZeroOid, printable, type Oid } from '../names.ts';
import { FLUSH, packet, type PacketReader } from './pkt-line.ts';

/** Bytes that the commands (or the push options) of one push may have. */
export const MOST_COMMAND_BYTES = 256 * 1024;
export const MOST_COMMANDS = 256;
const MOST_OPTIONS = 64;
const LONGEST_OPTION = 1024;

/** One "make this ref name that object" of a push. */
export interface RefCommand {
  /** Null when the ref is to be made. */
  readonly old: Oid | null;
  /** Null when the ref is to be deleted. */
  readonly new: Oid | null;
  readonly ref: string;
}

/** What a push begins with, before its pack. */
export interface CommandSection {
  readonly commands: readonly RefCommand[];
  readonly capabilities: ReadonlySet<string>;
  /** Whether the client says that its own history ends somewhere: a shallow clone. */
  readonly shallow: boolean;
  /** The packets as they came, flush included, push options too. */
  readonly bytes: readonly Buffer[];
}

/**
 * Reads the head of a receive-pack request: `shallow` lines, commands, and push options when the client announced them.
 * @returns null for a request that asks for nothing: git's probe, a lone flush
 * @throws Hop3Error HOP3_GIT_REQUEST, HOP3_REF_KIND
 */
export async function readCommandSection(reader: PacketReader): Promise<CommandSection | null> {
  const parts: Buffer[] = [];
  const commands: RefCommand[] = [];
  const capabilities = new Set<string>();
  let lines = 0;
  let shallow = false;
  for (;;) {
    const next = await reader.read();
    if (next.kind === 'end') {
      throw new Hop3Error('HOP3_GIT_REQUEST', { what: lines === 0 ? 'The request has no body: a push begins with what it wants to change.' : 'The request ended before its list of refs did.' });
    }
    if (next.kind === 'flush') break;
    lines += 1;
    if (lines > MOST_COMMANDS) throw new Hop3Error('HOP3_GIT_REQUEST', { what: `The push names more than ${MOST_COMMANDS} refs.`, next: 'Push fewer refs at a time, best the branch alone: git push hop3 main' });
    parts.push(packet(next.bytes));
    const text = wholeText(next.bytes);
    if (/^shallow [0-9a-f]{40,64}\n?$/.test(text) && commands.length === 0) {
      shallow = true;
      continue;
    }
    const zero = text.indexOf('\0');
    if (commands.length === 0 && zero !== -1) {
      for (const name of text.slice(zero + 1).trim().split(' ')) if (name !== '') capabilities.add(name);
    }
    commands.push(parseCommand(commands.length === 0 && zero !== -1 ? text.slice(0, zero) : text));
  }
  // A shallow clone that has refused every ref itself sends its `shallow` lines all the same.
  if (commands.length === 0) return null;
  const twice = commands.find((command, index) => commands.findIndex((other) => other.ref === command.ref) !== index);
  if (twice) throw new Hop3Error('HOP3_GIT_REQUEST', { what: `The push names ${twice.ref} twice.` });
  const section = [Buffer.concat([...parts, FLUSH])];
  if (capabilities.has('push-options')) {
    const options = await readPushOptions(reader);
    section.push(Buffer.concat([...options.map((option) => packet(option)), FLUSH]));
  }
  return { commands, capabilities, shallow, bytes: section };
}

/** @throws Hop3Error HOP3_GIT_REQUEST */
export async function readPushOptions(reader: PacketReader): Promise<string[]> {
  const options: string[] = [];
  for (;;) {
    const next = await reader.read();
    if (next.kind === 'end') throw new Hop3Error('HOP3_GIT_REQUEST', { what: 'The request ended before its push options did.' });
    if (next.kind === 'flush') return options;
    const option = wholeText(next.bytes).replace(/\n$/, '');
    if (options.length === MOST_OPTIONS || option.length > LONGEST_OPTION) {
      throw new Hop3Error('HOP3_GIT_REQUEST', { what: `A push may have ${MOST_OPTIONS} options (-o) of ${LONGEST_OPTION} characters.` });
    }
    options.push(option);
  }
}

/** `<old> <new> <ref>`, as in a push and in the hook's conversation. */
export function parseCommand(line: string): RefCommand {
  const match = /^([0-9a-f]+) ([0-9a-f]+) (.+?)\n?$/s.exec(line);
  if (!match || !isOid(match[1]!) || !isOid(match[2]!)) throw new Hop3Error('HOP3_GIT_REQUEST', { what: `The push holds a line that names no ref: "${printable(line)}".` });
  const [, before, after, ref] = match as unknown as [string, Oid, Oid, string];
  checkRefName(ref);
  if (isZeroOid(before) && isZeroOid(after)) throw new Hop3Error('HOP3_GIT_REQUEST', { what: `The push would delete ${ref}, which is not there.` });
  return { old: isZeroOid(before) ? null : before, new: isZeroOid(after) ? null : after, ref };
}

function checkRefName(ref: string): void {
  if (isRefName(ref)) return;
  throw new Hop3Error('HOP3_REF_KIND', { what: `"${printable(ref)}" is not a name that a ref can have here.`, next: 'Push a branch, for example: git push hop3 main' });
}

function wholeText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new Hop3Error('HOP3_GIT_REQUEST', { what: 'The push names a ref whose name is not UTF-8.' });
  return text;
}
