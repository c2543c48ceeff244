/** What one process of an app (web.1, a one-off) may use at most, with everything it starts. null: no limit. */
export interface Limits {
  /** Bytes of memory. */
  readonly memory: number | null;
  /** Cores; 1.5 is one and a half. */
  readonly cpu: number | null;
  /** Processes and threads. */
  readonly processes: number | null;
}

export const NO_LIMITS: Limits = { memory: null, cpu: null, processes: null };

/** The least and the most that a limit can be; below the least no program starts. */
export const MEMORY_RANGE: readonly [number, number] = [16 * 1024 ** 2, 2 ** 44];
export const CPU_RANGE: readonly [number, number] = [0.05, 1024];
export const PROCESSES_RANGE: readonly [number, number] = [4, 100_000];

const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes of "512M", "1.5G", "2GiB" or "64MB"; every unit is a power of 1024. Null for anything else. */
export function parseMemory(text: string): number | null {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?) ?([KMGT])(?:i?B)?$/i.exec(text) ?? [];
  if (number === undefined || unit === undefined) return null;
  return Math.floor(Number(number) * UNITS[unit.toUpperCase()]!);
}

/** "512 MB", "1.5 GB": the largest unit that leaves at most two decimals. */
export function formatMemory(bytes: number): string {
  for (const unit of ['T', 'G', 'M'] as const) {
    const count = bytes / UNITS[unit]!;
    if (count >= 1) return `${Number(count.toFixed(count < 10 ? 2 : count < 100 ? 1 : 0))} ${unit}B`;
  }
  return `${Math.round(bytes / 1024)} KB`;
}

/** "memory 512 MB, 1.5 cores, 100 processes"; "none" where there is no limit at all. */
export function formatLimits({ memory, cpu, processes }: Limits): string {
  const parts = [
    memory === null ? null : `memory ${formatMemory(memory)}`,
    cpu === null ? null : cpu === 1 ? '1 core' : `${cpu} cores`,
    processes === null ? null : `${processes} processes`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
