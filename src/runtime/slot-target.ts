import { SLOTS, type SlotName } from '../paths.ts';
import type { SlotMode, SlotSpec } from './model.ts';

const MODES: readonly SlotMode[] = ['static', 'web', 'both', 'none'];

// Nix writes hashes in base 32, without e, o, t and u.
const STORE_HASH = /\/nix\/store\/([0-9a-df-np-sv-z]{32})-/;
const TARGET = /^slots\/([^/]+)\/([^/.]+)(?:\.[0-9a-df-np-sv-z]{32})?$/;

/**
 * What `current` names, relative to the app's directory: `slots/a/web`, and `slots/a/static.<hash>` where there are files. nginx reads slot, mode
 * and the files' ETag from it, without a look at anything else.
 * @param files where the files really are, in the store; a path that is not below it has no hash
 */
export function slotTarget(slot: SlotName, mode: SlotMode, files: string | null = null): string {
  const [, hash] = (mode === 'static' || mode === 'both') && files !== null ? (STORE_HASH.exec(files) ?? []) : [];
  return hash === undefined ? `slots/${slot}/${mode}` : `slots/${slot}/${mode}.${hash}`;
}

/**
 * The empty file in the directory of a slot's mode that says "a web app without files, in this slot". nginx finds it through `current` with one
 * look, where resolving `current` takes one for each directory on the way.
 */
export function webSlotFile(slot: SlotName): string {
  return `web-${slot}`;
}

/** The reverse of slotTarget; null for any other text. Older versions wrote no hash. */
export function parseSlotTarget(target: string): { readonly slot: SlotName; readonly mode: SlotMode } | null {
  const [, slotText, modeText] = TARGET.exec(target) ?? [];
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
