import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';

/** Links in one static tree that are looked at; each costs a system call or three. */
const MOST_LINKS = 100_000;

/** Whether a path lies in one of these store paths. */
export function insideClosure(path: string, closure: readonly string[]): boolean {
  return closure.some((storePath) => path === storePath || path.startsWith(`${storePath}/`));
}

/**
 * Checks that nginx may serve the directory: it exists, lies in the closure, and no symlink in it leads out of there
 * (nginx would follow it to whatever the server's user can read). Store paths do not change, so once is enough.
 * @throws Hop3Error HOP3_RUNTIME_STATIC
 */
export async function checkStatic(directory: string, closure: readonly string[], place: string): Promise<void> {
  const problem = (text: string) => new Hop3Error('HOP3_RUNTIME_STATIC', {
    what: `${place}: workers.static ${text}.`,
    next: 'Point it at a directory of $out, for example "${placeholder "out"}/share/site", and copy what is linked from elsewhere.',
  });
  const shown = printable(directory);
  if (!directory.startsWith('/') || /[\n\r\0]/.test(directory)) throw problem(`is not an absolute path: ${printable(JSON.stringify(directory))}`);
  if (!insideClosure(resolve(directory), closure)) throw problem(`lies outside the release's own store paths: ${shown}`);
  const real = await realpath(directory).catch(() => null);
  if (real === null) throw problem(`does not exist: ${shown}`);
  if (!insideClosure(real, closure)) throw problem(`leads out of the release's own store paths: ${shown} is ${printable(real)}`);
  if (!(await stat(real)).isDirectory()) throw problem(`is not a directory: ${shown}`);

  let links = 0;
  const seen = new Set<string>();
  const pending = [real];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) pending.push(path);
      if (!entry.isSymbolicLink()) continue;
      links += 1;
      if (links > MOST_LINKS) throw problem(`holds more than ${MOST_LINKS} symlinks`);
      const target = await linkTarget(path, closure);
      if (target === 'outside') throw problem(`holds a symlink that leaves the release: ${printable(path)} -> ${printable(await readlink(path))}`);
      if (target !== 'nothing' && (await stat(target)).isDirectory()) pending.push(target);
    }
  }
}

/** Where a link leads, followed to its end: a path of the closure, nothing (a dangling link inside it), or outside. */
async function linkTarget(path: string, closure: readonly string[]): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null) return insideClosure(real, closure) ? real : 'outside';
  // Dangling: a later file at its target must not be served either, so each step has to stay inside.
  let at = path;
  for (let hops = 0; hops < 40; hops++) {
    const target = resolve(dirname(at), await readlink(at));
    const parent = await realpath(dirname(target)).catch(() => null);
    if (parent === null || !insideClosure(target, closure) || !insideClosure(parent, closure)) return 'outside';
    const found = await lstat(target).catch(() => null);
    if (found === null) return 'nothing';
    if (!found.isSymbolicLink()) return 'outside';
    at = target;
  }
  return 'outside';
}
