import * as assert from 'uvu/assert';
import { agreeOnOneVersion, nothingLeft, rows, settled } from './crash-checks.ts';
import { ANSWERED, isServing, type Cell } from './crash-matrix.ts';
import { textOf, Visitor, type CrashWorld, type Work } from './crash-world.ts';
import { CHECKOUT, type Repo } from './world.ts';

/**
 * One cell: a deploy is held at the point, the victim is killed, everything comes back by itself, one whole version is there,
 * nothing is left over, and the next push works.
 */
export async function play(crash: CrashWorld, repo: Repo, cell: Cell): Promise<void> {
  const { world } = crash;
  const { victim, point } = cell;
  await settled(crash, repo.app);
  const before = await agreeOnOneVersion(crash, repo);
  const textBefore = textOf((await world.get(repo.app)).body);
  const commit = cell.during === 'push' ? await crash.change(repo) : null;

  crash.hold(point);
  const work = begin(crash, repo, cell);
  let visitor: Visitor | null = null;
  let killed: readonly number[];
  try {
    await Promise.race([crash.reached(point, work.output), ANSWERED.includes(point) ? new Promise(() => {}) : work.ended.then((ran) => { throw new Error(`it ended before "${point}": ${ran.output}`); })]);
    const texts = [textBefore, ...(commit === null ? [] : [await repo.git('show', `${commit}:text`)])];
    if (cell.during === 'rollback') {
      const [target] = rows(crash, `SELECT b.commit_id FROM releases r JOIN builds b ON b.app = r.app AND b.number = r.build
        WHERE r.app = ? AND r.version < ? AND b.store_path IS NOT NULL ORDER BY r.version DESC LIMIT 1`, repo.app, before.version);
      texts.push(await repo.git('show', `${String(target!['commit_id'])}:text`));
    }
    if (!isServing(victim)) visitor = new Visitor(world, repo.app, () => texts);
    killed = await crash.kill(victim, repo.app);
    // The server is to know that nobody waits any more before it goes on.
    if (victim === 'hook' || victim === 'git-receive-pack') await work.ended;
  } finally {
    crash.release(point);
  }
  const ran = await work.ended;
  // A supervisor that starts anew starts everything anew.
  if (victim === 's6-svscan') await visitor?.leave();
  await crash.comeBack(victim, killed);
  await settled(crash, repo.app);
  await visitor?.leave();
  assert.equal(visitor?.wrong ?? [], [], `answers while ${victim} was gone (of ${visitor?.asked})`);

  const grown = cell.during === 'scale' && cell.outcome === 'after';
  const after = await agreeOnOneVersion(crash, repo, { webs: grown ? 2 : 1 });
  if (grown) await shrink(crash, repo);
  if (cell.outcome === 'before') assert.equal(after, before, `the version before is there\n${ran.output}`);
  else if (cell.during === 'push') assert.is(after.commit, commit, `the new version is there\n${ran.output}`);
  else if (cell.during === 'env set' || cell.during === 'rollback') assert.is(after.version, before.version + 1, ran.output);
  if (victim === 'server' && cell.during === 'push') assert.is.not(ran.code, cell.outcome === 'before' ? 0 : null);
  nothingLeft(crash, repo);

  // The same commit again where it is not live, another one where it is.
  if (commit === null || after.commit === commit) await crash.change(repo);
  const next = await repo.push();
  assert.is(next.code, 0, next.output);
  await settled(crash, repo.app);
  assert.is((await agreeOnOneVersion(crash, repo)).commit, await repo.git('rev-parse', 'HEAD'));
  nothingLeft(crash, repo);
}

/** Back to one web process, in both slots. */
async function shrink(crash: CrashWorld, { app }: Repo): Promise<void> {
  for (const words of [['ps', 'scale', 'web=1'], ['restart']]) {
    const ran = await crash.world.hop3(...words, '--app', app);
    assert.is(ran.code, 0, ran.output);
    await settled(crash, app);
  }
}

let colours = 0;

function begin(crash: CrashWorld, repo: Repo, { during }: Cell): Work {
  const hop3 = (...args: string[]) => crash.begin(`${CHECKOUT}/bin/hop3`, [...args, '--app', repo.app], repo.dir);
  switch (during) {
    case 'push': return crash.begin('git', ['push', 'hop3', 'main'], repo.dir);
    case 'env set': return hop3('env', 'set', `COLOUR=colour-${colours += 1}`);
    case 'rollback': return hop3('rollback');
    case 'restart': return hop3('restart');
    case 'scale': return hop3('ps', 'scale', 'web=2');
  }
}
