// When root runs the specs, parts of them go on as an ordinary user, who has to be able to read the checkout.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What no spec looks at; all else is copied, so that a new folder is never forgotten. */
const LEFT_OUT = new Set(['.git', '.ci']);

/** The checkout itself, or a copy below /var/tmp when root alone can read it. `corpus` is null where there is none. */
export function readableCheckout(root) {
  const corpus = process.env.HOP3_CORPUS ?? corpusBeside(root);
  if (process.getuid() !== 0 || readableByAll(root)) return { dir: root, corpus, copied: false, remove() {} };
  const place = mkdtempSync('/var/tmp/hop3-spec-');
  const dir = join(place, 'checkout');
  copyTo(dir, readdirSync(root).filter((name) => !LEFT_OUT.has(name)).map((name) => join(root, name)));
  if (corpus !== null) copyTo(place, [corpus]);
  execFileSync('chmod', ['-R', 'a+rX', place], { stdio: 'inherit' });
  return { dir, corpus: corpus === null ? null : join(place, basename(corpus)), copied: true, remove: () => rmSync(place, { recursive: true, force: true }) };
}

/** A folder `corpus` of example applications in a directory beside the checkout, if there is one. */
function corpusBeside(root) {
  const above = dirname(root);
  try {
    return readdirSync(above).map((name) => join(above, name, 'corpus')).find((path) => existsSync(path)) ?? null;
  } catch (error) {
    if (error.code === 'EACCES') return null;
    throw error;
  }
}

function copyTo(dir, paths) {
  mkdirSync(dir, { recursive: true });
  execFileSync('cp', ['-a', '--no-preserve=ownership', ...paths, dir], { stdio: 'inherit' });
}

function readableByAll(root) {
  for (let dir = root; ; dir = dirname(dir)) {
    if ((statSync(dir).mode & 0o001) === 0) return false;
    if (dir === '/') break;
  }
  // A clone made under umask 077 shows in its own files.
  return ['package.json', 'src', 'node_modules'].every((name) => !existsSync(join(root, name)) || (statSync(join(root, name)).mode & 0o004) !== 0);
}
