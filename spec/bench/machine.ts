import { readFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { exec } from '../e2e/world.ts';

/** What a figure depends on beside the code. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly git: string;
  readonly nix: string;
  readonly nginx: string;
  readonly commit: string;
  /** Processes that wanted to run when the bench began, averaged over a minute: near 0 on a quiet machine. */
  readonly load: string;
}

export async function describeMachine(commit: string): Promise<Machine> {
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${/^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? 'Linux'}, Linux ${release()}`,
    node: process.versions.node,
    git: await firstLine('git', ['--version']),
    nix: await firstLine('nix-build', ['--version']),
    nginx: (await firstLine('nginx', ['-v'])).replace('nginx version: ', ''),
    commit,
    load: (await readFile('/proc/loadavg', 'utf8')).split(' ')[0]!,
  };
}

async function firstLine(file: string, args: readonly string[]): Promise<string> {
  const ran = await exec(file, args, { limit: 20 }).catch(() => null);
  return ran?.code === 0 ? (ran.output.split('\n')[0] ?? '').trim() : `${file} unknown`;
}
