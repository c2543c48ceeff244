import { readdirSync, readFileSync } from 'node:fs';
import type { Repo, World } from './world.ts';

const MIB = 1024 * 1024;

/** Bytes of memory that a process has now, and the most it has had. */
export interface Memory {
  readonly now: number;
  readonly most: number;
}

/** @throws when the process is gone */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
  return { now: bytes('VmRSS'), most: bytes('VmHWM') };
}

export function inMiB(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** What the server keeps of many deploys. */
export interface DeploysMemory {
  readonly deploys: number;
  /** Bytes of resident memory, each the median of the ten samples after so many deploys of the warm-up, and of the end. */
  readonly warm: number;
  readonly end: number;
  /** What grew between them, for each deploy, in bytes. */
  readonly perDeploy: number;
  /** Open descriptors of the server at both points. */
  readonly descriptors: { readonly warm: number; readonly end: number };
  /** The largest sample. */
  readonly most: number;
}

/**
 * Pushes to one app again and again, two trees in turn, so that most deploys find their build: what is measured is what the server
 * keeps of a deploy, not nix. The app must be live already. The first `warmUp` deploys fill caches and the heap's own reserve.
 */
export async function memoryOverDeploys(world: World, repo: Repo, change: (turn: number) => Record<string, string>, deploys: number, warmUp: number): Promise<DeploysMemory> {
  const pid = await world.serverPid();
  const samples: number[] = [];
  const descriptors: number[] = [];
  for (let turn = 0; turn < warmUp + deploys; turn += 1) {
    await repo.commit(`deploy ${turn}`, change(turn));
    const pushed = await repo.push();
    if (pushed.code !== 0) throw new Error(`deploy ${turn} failed:\n${pushed.output}`);
    samples.push(memoryOf(pid).now);
    descriptors.push(openDescriptors(pid));
  }
  if ((await world.serverPid()) !== pid) throw new Error('the server was started anew meanwhile');
  const warm = median(samples.slice(warmUp, warmUp + 10));
  const end = median(samples.slice(-10));
  return {
    deploys, warm, end, perDeploy: (end - warm) / deploys, most: Math.max(...samples),
    descriptors: { warm: median(descriptors.slice(warmUp, warmUp + 10)), end: median(descriptors.slice(-10)) },
  };
}

function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
