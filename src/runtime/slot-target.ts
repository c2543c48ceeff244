import { SLOTS, type SlotName } from '../paths.ts';
import type { SlotMode, SlotSpec } from './model.ts';

const MODES: readonly SlotMode[] = ['static', 'web', 'both', 'none'];

/** What `current` names, relative to the app's directory: `slots/a/web`. nginx reads slot and mode from it. */
export function slotTarget(slot: SlotName, mode: SlotMode): string {
  return `slots/${slot}/${mode}`;
}

/** The reverse of slotTarget; null for any other text. */
export function parseSlotTarget(target: string): { readonly slot: SlotName; readonly mode: SlotMode } | null {
  const [, slotText, modeText] = /^slots\/([^/]+)\/([^/]+)$/.exec(target) ?? [];
  const slot = SLOTS.find((one) => one === slotText);
  const mode = MODES.find((one) => one === modeText);
  return slot && mode ? { slot, mode } : null;
}

/** How nginx has to serve this release: files, a web worker, files before the worker, or nothing at all. */
export function slotMode(spec: Pick<SlotSpec, 'static' | 'workers'>): SlotMode {
  const web = spec.workers.some((worker) => worker.port !== null);
  if (spec.static !== null) return web ? 'both' : 'static';
  return web ? 'web' : 'none';
}
