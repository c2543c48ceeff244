import { asHop3Error, Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import { shortOid, type Oid } from '../names.ts';
import { buildsOn, deleteRef, hasWholeHistory, isShallow, lookUp, setHead, stalePush, updateRef } from '../git/objects.ts';
import { readCommit } from '../git/read-commit.ts';
import { readRef } from '../git/read-ref.ts';
import type { ServerContext } from './context.ts';
import type { RefCommand } from './receive-commands.ts';
import { decide, isTag, shortRef } from './receive-policy.ts';
import type { OpenPush } from './receive-registry.ts';
import { tellRefusal, tellRejection } from './receive-report.ts';

export type Answer =
  /** `moved` is what the ref names, when that is not what the client sent. */
  | { readonly kind: 'done'; readonly moved: Oid | null }
  | { readonly kind: 'refused'; readonly error: Hop3Error };

export type Answers = ReadonlyMap<string, Answer>;

/**
 * Does what an arrived push asks for: policy again (the branch may have been chosen since), the deploy, then the tags. When the
 * deploy fails, nothing of the push is done. Tells the person everything; the answers are for git.
 */
export async function handlePush(context: ServerContext, push: OpenPush, options: readonly string[], log: PushLog): Promise<Answers> {
  const row = context.store.apps.get(push.app);
  if (!row) throw new Hop3Error('HOP3_NO_APP', { what: `The app ${push.app} was destroyed while the push was under way.` });
  const decision = decide(row.branch, push.commands);
  if (decision.kind === 'refused') {
    for (const error of decision.main) tellRefusal(log, error);
    return new Map([...decision.reasons].map(([ref, error]) => [ref, { kind: 'refused', error }]));
  }
  const answers = new Map<string, Answer>();
  if (decision.deploy) {
    try {
      answers.set(decision.deploy.ref, { kind: 'done', moved: await deploy(context, push, decision.deploy, options, log) });
    } catch (thrown) {
      const error = asHop3Error(thrown);
      if (error.code === 'HOP3_INTERNAL') context.reportDefect(`push to ${push.app}`, thrown);
      tellRejection(log, error);
      const rest = new Hop3Error('HOP3_WHOLE_PUSH', { what: `left alone because ${shortRef(decision.deploy.ref)} was not deployed` });
      return new Map(push.commands.map(({ ref }) => [ref, { kind: 'refused', error: ref === decision.deploy!.ref ? error : rest }]));
    }
    if (row.branch === null) await setHead(context.paths.repo(push.app), shortRef(decision.deploy.ref)).catch((error: unknown) => context.reportDefect('HEAD', error));
  }
  for (const command of decision.store) answers.set(command.ref, await keep(context, push, command, log));
  if (!decision.deploy) tellNothingDeployed(decision.store, row.branch ?? 'main', log);
  return answers;
}

/** @returns the commit that went live, when the client sent something else (an annotated tag) */
async function deploy(context: ServerContext, push: OpenPush, command: RefCommand, options: readonly string[], log: PushLog): Promise<Oid | null> {
  const repo = context.paths.repo(push.app);
  const arrived = performance.now();
  const sent = command.new!;
  const { commit, tree } = await commitOf(context, push, command);
  // Of a push that says nothing of a shallow clone git itself has just made sure that everything is there (its connectivity check).
  if ((push.shallow || isShallow(repo)) && !(await hasWholeHistory(repo, sent))) {
    throw new Hop3Error('HOP3_SHALLOW_PUSH', {
      what: `${shortOid(commit)} comes from a shallow clone: parents of its history are missing`,
      next: `Get the whole history, then push again:\ngit fetch --unshallow && git push hop3 HEAD:${shortRef(command.ref)}`,
    });
  }
  // Looked at again when the push has its turn; here it is told before any waiting.
  const named = readRef(repo, command.ref);
  if (named !== command.old && !(await buildsOn(repo, { old: command.old, commit }, named))) throw stalePush(command.ref, named);
  if (commit !== sent) log.line(`${shortOid(sent)} is an annotated tag: its commit ${shortOid(commit)} is what goes live.`);
  await context.deployer.push({ app: push.app, ref: command.ref, old: command.old, commit, tree, pusher: push.principal.name, options, transferMs: arrived - push.began, checkMs: performance.now() - arrived }, log, push.abort.signal);
  return commit === sent ? null : commit;
}

/** What was sent, as a commit and its tree. Git is asked only about what was never deployed. */
async function commitOf(context: ServerContext, push: OpenPush, command: RefCommand): Promise<{ commit: Oid; tree: Oid }> {
  const repo = context.paths.repo(push.app);
  const sent = command.new!;
  const known = context.store.builds.treeOf(push.app, sent);
  if (known) return { commit: sent, tree: known };
  // Of the tree git has made sure, too, unless the push came from a shallow clone.
  const read = push.shallow || isShallow(repo) ? null : readCommit(repo, sent);
  if (read) return { commit: sent, tree: read.tree };
  const [object, commit, tree] = await lookUp(repo, [sent, `${sent}^{commit}`, `${sent}^{tree}`]);
  if (commit && tree) return { commit: commit.oid, tree: tree.oid };
  throw new Hop3Error('HOP3_NOT_A_COMMIT', { what: `${shortOid(sent)} is a ${object?.type ?? 'missing object'}, not a commit`, next: `Push a commit: git push hop3 HEAD:${shortRef(command.ref)}` });
}

/** Sets or deletes a ref that nothing runs from. */
async function keep(context: ServerContext, push: OpenPush, command: RefCommand, log: PushLog): Promise<Answer> {
  const repo = context.paths.repo(push.app);
  try {
    if (command.new) await updateRef(repo, command.ref, command.new, command.old);
    else await deleteRef(repo, command.ref, command.old ?? undefined);
    return { kind: 'done', moved: null };
  } catch (thrown) {
    const error = asHop3Error(thrown);
    if (error.code === 'HOP3_INTERNAL') context.reportDefect(`ref ${command.ref} of ${push.app}`, thrown);
    tellRefusal(log, error);
    return { kind: 'refused', error };
  }
}

/** Says plainly that a push of tags alone, or a tidying up, changed nothing that runs. */
function tellNothingDeployed(stored: readonly RefCommand[], branch: string, log: PushLog): void {
  const tag = stored.find((command) => isTag(command.ref) && command.new);
  log.phase(tag ? 'Nothing was deployed: a push of tags alone only keeps them' : 'Nothing was deployed: only refs that nothing runs from were deleted');
  if (tag) log.line(`To deploy it: git push hop3 ${shortRef(tag.ref)}^{commit}:${branch}`);
}
