import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PNPM = ['/usr/bin/pnpm', '/usr/local/bin/pnpm'];

/**
 * The npm registry that this machine's npm is set up for, where it answers and pnpm 10 is there; else null, and the reason is
 * printed. A build sees no configuration but the tree's own, so a pushed app gets it in its .npmrc.
 */
export function npmRegistry(): string | null {
  const pnpm = PNPM.find((file) => existsSync(file));
  const version = pnpm === undefined ? 'none' : spawnSync(pnpm, ['--version'], { encoding: 'utf8', timeout: 30_000 }).stdout.trim();
  if (!version.startsWith('10.')) {
    console.log(`skipped: the specs need pnpm 10, and this machine has ${version} (npm install --global pnpm@10)`);
    return null;
  }
  const registry = npm('config', 'get', 'registry').stdout.trim();
  const asked = npm('view', 'escape-html@1.0.3', 'version');
  if (asked.status !== 0 || !asked.stdout.includes('1.0.3')) {
    console.log('skipped: npm cannot reach its registry');
    return null;
  }
  return registry;
}

/** A file of npm's registry by name and version, as a lock file writes its hash. */
export function npmIntegrity(name: string, version: string): string {
  return npm('view', `${name}@${version}`, 'dist.integrity').stdout.trim();
}

function npm(...args: string[]): { status: number | null; stdout: string } {
  return spawnSync('npm', args, { encoding: 'utf8', timeout: 30_000 });
}
