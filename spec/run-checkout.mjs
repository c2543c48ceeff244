// When root runs the specs, parts of them go on as an ordinary user, who has to be able to read the checkout.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, chmodSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const NEEDED = [
  'src', 'spec', 'scripts', 'hooks', 'apps', 'bin', 'nix-templates', 'nginx-templates', 'docs', 'dist', 'node_modules',
  'package.json', 'package-lock.json', 'tsconfig.json', 'README.md', 'CONTRIBUTING.md',
];

/** The checkout itself, or a copy below /var/tmp when root alone can read it. */
export function readableCheckout(root) {
  if (process.getuid() !== 0 || readableByAll(root)) return { dir: root, copied: false, remove() {} };
  const dir = mkdtempSync('/var/tmp/hop3-spec-');
  chmodSync(dir, 0o755);
  const present = NEEDED.filter((name) => existsSync(join(root, name))).map((name) => join(root, name));
  execFileSync('cp', ['-a', '--no-preserve=ownership', ...present, dir], { stdio: 'inherit' });
  execFileSync('chmod', ['-R', 'a+rX', dir], { stdio: 'inherit' });
  return { dir, copied: true, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

function readableByAll(root) {
  for (let dir = root; ; dir = dirname(dir)) {
    if ((statSync(dir).mode & 0o001) === 0) return false;
    if (dir === '/') break;
  }
  // A clone made under umask 077 shows in its own files.
  return ['package.json', 'src', 'node_modules'].every((name) => !existsSync(join(root, name)) || (statSync(join(root, name)).mode & 0o004) !== 0);
}
