import type { AppConfig } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import { formatMemory, type Limits } from '../limits.ts';
import type { LimitSetting, Settings } from '../settings.ts';

const KINDS = ['memory', 'cpu', 'processes'] as const;

/** The limits that each process of a release gets: the app's own wishes, the server's settings where it has none, the settings' most where it has more. */
export function limitsOf({ limits: settings }: Pick<Settings, 'limits'>, { limits }: Pick<AppConfig, 'limits'>): Limits {
  return { memory: effective(limits.memory, settings.memory), cpu: effective(limits.cpu, settings.cpu), processes: effective(limits.processes, settings.processes) };
}

function effective(asked: number | null, { standard, most }: LimitSetting): number | null {
  const wanted = asked ?? standard;
  if (most === null) return wanted;
  return wanted === null ? most : Math.min(wanted, most);
}

/**
 * Refuses an app that asks for more than the server gives to one.
 * @throws Hop3Error HOP3_LIMIT
 */
export function checkLimits({ limits: settings }: Pick<Settings, 'limits'>, { file, limits }: Pick<AppConfig, 'file' | 'limits'>): void {
  for (const kind of KINDS) {
    const [asked, { most }] = [limits[kind], settings[kind]];
    if (asked === null || most === null || asked <= most) continue;
    const shown = (value: number) => (kind === 'memory' ? formatMemory(value) : String(value));
    throw new Hop3Error('HOP3_LIMIT', {
      what: `${file ?? 'hop3.toml'}: [limits] ${kind} asks for ${shown(asked)}; this server gives a process at most ${shown(most)}.`,
      next: `Ask for less, or have the operator raise HOP3_LIMIT_${kind.toUpperCase()}.`,
    });
  }
}
