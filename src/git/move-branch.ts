import { closeSync, constants, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Oid } from '../names.ts';
import { COMMITTER } from './command.ts';
import { updateRef } from './objects.ts';

/**
 * Sets a branch to a commit that the repository is known to have. The usual case is done here, as git does it, since it lies between the switch and
 * the answer, and a process takes five times as long; anything else is left to git.
 * @param old what it must name now: null for "it must not exist yet", left out for "whatever it names"
 * @throws Hop3Error HOP3_STALE_PUSH when it names something else
 */
export async function moveBranch(repo: string, ref: string, commit: Oid, old?: Oid | null): Promise<void> {
  if (old && commit !== old && replaced(repo, ref, commit, old)) return;
  await updateRef(repo, ref, commit, old);
}

/**
 * Git's own protocol for a ref that is a file of its own (lockfile.h, refs/files-backend.c): `<ref>.lock` is made, which fails while anybody else has it;
 * what the ref names is compared; the new value goes to the disk, a line into the reflog, and the lock is renamed to the ref.
 * @returns false for whatever git has to do or to tell, with nothing changed
 */
function replaced(repo: string, ref: string, commit: Oid, old: Oid): boolean {
  const file = join(repo, ref);
  const lock = `${file}.lock`;
  const handles: number[] = [];
  const open = (path: string, flags: number | string) => {
    const handle = openSync(path, flags, 0o666);
    handles.push(handle);
    return handle;
  };
  let held = false;
  try {
    const next = open(lock, 'wx');
    held = true;
    if (readFileSync(file, 'latin1') !== `${old}\n`) return false;
    // A reflog that is not there yet is git's to make.
    const logs = [open(join(repo, 'logs', ref), APPEND)];
    if (readFileSync(join(repo, 'HEAD'), 'latin1') === `ref: ${ref}\n`) logs.push(open(join(repo, 'logs', 'HEAD'), APPEND));
    writeSync(next, `${commit}\n`);
    fsyncSync(next);
    const line = `${old} ${commit} ${COMMITTER.name} <${COMMITTER.email}> ${Math.floor(Date.now() / 1000)} +0000\thop3\n`;
    for (const log of logs) writeSync(log, line);
    renameSync(lock, file);
    held = false;
    return true;
  } catch {
    return false;
  } finally {
    for (const handle of handles) closeSync(handle);
    if (held) rmSync(lock, { force: true });
  }
}

const APPEND = constants.O_WRONLY | constants.O_APPEND;
