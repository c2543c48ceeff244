import { asHop3Error, fullDisk, Hop3Error } from '../errors.ts';
import { tidyRepo } from '../git/repo.ts';
import { shortOid, type AppName } from '../names.ts';
import { expectQuestion } from '../nix/ask-daemon.ts';
import { cancelled } from '../pipeline/cancel.ts';
import type { AuditEntry } from './audit.ts';
import type { Principal } from './auth.ts';
import type { ServerContext } from './context.ts';
import { ClientGone, GitBody } from './git-body.ts';
import type { Exchange } from './git-exchange.ts';
import { answerProbe, gitFailed, nothingMore } from './git-fetch.ts';
import { GitRun } from './git-library.ts';
import { PacketBorders, PacketReader, sideband } from './pkt-line.ts';
import { tooManyPushes } from './push-limit.ts';
import { MOST_COMMAND_BYTES, readCommandSection, type CommandSection, type RefCommand } from './receive-commands.ts';
import { decide, shortRef } from './receive-policy.ts';
import type { OpenPush, PushRegistry } from './receive-registry.ts';
import { Lines, rejectionReport, tellRefusal, tellRejection } from './receive-report.ts';

const RESULT_TYPE = 'application/x-git-receive-pack-result';
/** How much of a refused push is still read, as a multiple of what a push may have: a client that is cut off sees no reason. */
const DRAIN_FACTOR = 4;
/** As git prints ENOSPC. */
const NO_SPACE = 'No space left on device';
const LEAST_DRAIN = 64 * 1024 * 1024;

export interface PushRequest {
  readonly app: AppName;
  readonly principal: Principal;
  /** Where it comes from. */
  readonly address: string;
  readonly idleMs: number;
}

/**
 * Answers `POST git-receive-pack`. What can be decided from the commands alone is decided before git is started; the rest is
 * the hook's (receive-deploy.ts), which runs while git waits for its answer.
 */
export async function servePush(context: ServerContext, registry: PushRegistry, exchange: Exchange, asked: PushRequest): Promise<void> {
  const mostBytes = context.settings.maxPushBytes;
  const body = new GitBody(exchange.request, { mostBytes: Math.max(mostBytes, MOST_COMMAND_BYTES), idleMs: asked.idleMs });
  const reader = new PacketReader(body, MOST_COMMAND_BYTES);
  const section = await readCommandSection(reader);
  if (section === null) {
    if (!(await nothingMore(reader, body))) throw new Hop3Error('HOP3_GIT_REQUEST', { what: 'The push names no ref, and yet something follows.' });
    return answerProbe(exchange);
  }
  body.unread(reader.rest());
  let audit: AuditEntry | null = null;
  const refuse = (reasons: ReadonlyMap<string, Hop3Error>, main: readonly Hop3Error[]) => {
    audit?.fail(main[0]!);
    return answerRefusal(exchange, body, section, { reasons, main, mostBytes });
  };
  const all = (error: Hop3Error) => refuse(new Map(section.commands.map(({ ref }) => [ref, error])), [error]);

  try {
    audit = context.audit.begin(asked.principal, { action: 'push', app: asked.app, address: asked.address, names: section.commands.map(commandName) });
  } catch (thrown) {
    const error = asHop3Error(thrown);
    context.reportDefect('the audit log', error.cause ?? thrown);
    return all(error);
  }
  const decision = decide(context.store.apps.get(asked.app)?.branch ?? null, section.commands);
  if (decision.kind === 'refused') return refuse(decision.reasons, decision.main);
  if (registry.isFull) return all(tooManyPushes(registry.limit));
  try {
    await ensureApp(context, asked);
  } catch (thrown) {
    const error = asHop3Error(thrown);
    if (error.status >= 500) context.reportDefect(`creation of ${asked.app}`, error.cause ?? thrown);
    return all(error);
  }
  try {
    const stopped = await receive(context, registry, exchange, body, section, asked, audit);
    if (stopped) await all(stopped);
  } catch (thrown) {
    audit.fail(asHop3Error(thrown));
    throw thrown;
  }
  await tidyRepo(context.paths.repo(asked.app)).catch((error: unknown) => context.reportDefect(`git gc of ${asked.app}`, error));
}

/** The first push of an administrator's token makes the app. */
async function ensureApp(context: ServerContext, asked: PushRequest): Promise<void> {
  if (context.store.apps.get(asked.app)) return;
  const audit = context.audit.begin(asked.principal, { action: 'app.create', app: asked.app, address: asked.address, names: ['by its first push'] });
  try {
    await context.deployer.createApp(asked.app, asked.principal.name);
    audit.end('done');
  } catch (error) {
    audit.fail(asHop3Error(error));
    // Another first push was quicker.
    if (!(error instanceof Hop3Error && error.code === 'HOP3_APP_EXISTS')) throw error;
  }
}

/**
 * Feeds git and passes its answer on.
 * @returns why it was stopped, when the client is still owed an answer
 */
async function receive(context: ServerContext, registry: PushRegistry, exchange: Exchange, body: GitBody, section: CommandSection, asked: PushRequest, audit: AuditEntry): Promise<Hop3Error | null> {
  const began = performance.now();
  const borders = new PacketBorders();
  let muted = false;
  let told = null as Hop3Error | null;
  const push: OpenPush = { app: asked.app, principal: asked.principal, commands: section.commands, shallow: section.shallow, audit, hooked: false, began, abort: new AbortController() };
  const run = await GitRun.start('git-receive-pack', context.paths.repo(asked.app), section.bytes[0]!, async (bytes) => {
    const whole = borders.push(bytes);
    if (muted || whole.length === 0) return;
    exchange.begin(RESULT_TYPE);
    // Of git's own words, before any hook: what a build prints is nobody's disk. Before them, since git's last packet may be among these.
    if (!push.hooked && !told && whole.includes(NO_SPACE)) {
      told = fullDisk();
      if (section.capabilities.has('side-band-64k')) await exchange.write(sideband(2, rejection(told)));
    }
    await exchange.write(whole);
  });
  const forget = registry.add(run.pid, push);
  // While git reads what comes: every deploy looks something up in the Nix store soon.
  expectQuestion();
  const abandon = () => {
    push.abort.abort(cancelled.clientGone(asked.principal.name));
    run.stop();
  };
  exchange.gone.addEventListener('abort', abandon, { once: true });
  if (exchange.gone.aborted) abandon();
  let stopped: Hop3Error | null = null;
  let readAll = true;
  try {
    for (const bytes of section.bytes.slice(1)) await run.write(bytes);
    for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) {
      if (await run.write(chunk)) continue;
      // git that has ended early (a broken pack) has an answer already; the client hears it once it has sent all.
      readAll = await body.drain(drainLimit(context.settings.maxPushBytes));
      break;
    }
    run.endInput();
  } catch (thrown) {
    muted = true;
    abandon();
    if (!(thrown instanceof ClientGone)) stopped = asHop3Error(thrown);
  }
  const end = await run.ended;
  // git may have died under the hook (out of memory, say); then nobody waits for the deploy any more.
  push.abort.abort(cancelled.gitEnded());
  forget();
  if (stopped) return stopped;
  if (!push.hooked) audit.end(exchange.gone.aborted ? 'cancelled' : 'failed', exchange.gone.aborted ? null : told ? told.code : 'the pack was refused by git');
  if (exchange.gone.aborted) return null;
  if (end.code !== 0) context.reportDefect(`git-receive-pack of ${asked.app}`, new Error(`it ended with ${end.signal ?? end.code}: ${end.stderr}`));
  if (!exchange.started && end.code !== 0) throw gitFailed(end.stderr);
  // A client whose answer stops short, with the connection in good order, waits for the rest for ever.
  if (!borders.flushed && end.code !== 0) return gitEnded(asked.app);
  exchange.begin(RESULT_TYPE);
  if (readAll) exchange.end();
  else exchange.endAndClose();
  return null;
}

/** What the person reads of an error in the middle of git's own answer. */
function rejection(error: Hop3Error): string {
  const lines = new Lines();
  tellRejection(lines, error);
  return lines.text;
}

/** git was ended from outside in the middle of its answer; what became of the deploy, it cannot say. */
function gitEnded(app: AppName): Hop3Error {
  return new Hop3Error('HOP3_GIT_REPO', {
    what: 'git on the server was ended before it had answered',
    next: `A deploy that had switched by then is live, any other was cancelled. See which: hop3 releases --app ${app}`,
  });
}

/** Refuses a push in git's own words, once the client has sent all of it. */
async function answerRefusal(
  exchange: Exchange, body: GitBody, section: CommandSection,
  about: { reasons: ReadonlyMap<string, Hop3Error>; main: readonly Hop3Error[]; mostBytes: number },
): Promise<void> {
  // Of a client that stopped sending no rest is waited for.
  const stalled = about.main.some((error) => error.code === 'HOP3_PUSH_STALLED');
  const whole = !stalled && (await body.drain(drainLimit(about.mostBytes)));
  const lines = new Lines();
  for (const error of about.main) tellRefusal(lines, error);
  const report = rejectionReport(section.capabilities, about.reasons, lines.text);
  if (!report) return exchange.fail(about.main[0]!);
  exchange.begin(RESULT_TYPE);
  if (whole) exchange.end(report);
  else exchange.endAndClose(report);
}

function drainLimit(mostBytes: number): number {
  return Math.max(LEAST_DRAIN, DRAIN_FACTOR * mostBytes);
}

/** "main 1a2b3c4", "v1 deleted": what the audit log says of a ref. */
function commandName(command: RefCommand): string {
  return `${shortRef(command.ref)} ${command.new === null ? 'deleted' : shortOid(command.new)}`;
}
