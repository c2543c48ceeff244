import { spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Runs a spec file again in a mount namespace whose /nix is an empty directory of its own, where this user is the store's owner, as with an installation
 * without a daemon. What such a spec collects, or counts, is its own: garbage collection in the machine's store would take
 * from other specs what they hold by no root, and last as long as that store is large. Called behind asOrdinaryUser.
 */
export async function inOwnStore(specUrl: string): Promise<void> {
  if (process.env['HOP3_SPEC_OWN_STORE'] !== undefined) return;
  const dir = mkdtempSync('/var/tmp/hop3-own-store-');
  const conf = join(dir, 'nix.conf');
  writeFileSync(conf, 'sandbox = true\nsandbox-paths = /bin /usr /lib /lib64\nbuild-users-group =\nsubstituters =\n');
  const nix = join(dir, 'nix');
  mkdirSync(nix);
  const child = spawn('bwrap', [
    '--dev-bind', '/', '/', '--bind', nix, '/nix', '--bind', conf, '/etc/nix/nix.conf', '--die-with-parent', '--',
    process.execPath, ...process.execArgv, fileURLToPath(specUrl),
  ], { stdio: 'inherit', env: { ...process.env, NIX_REMOTE: '', HOP3_SPEC_OWN_STORE: nix } });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => resolve(exit ?? 1));
  });
  makeWritable(dir);
  rmSync(dir, { recursive: true, force: true });
  process.exit(code);
}

/** Directories of a Nix store are read-only, so that nothing in them could be removed. */
function makeWritable(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}
