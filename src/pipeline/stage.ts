import { liveSlot, clearSlot, fillSlot } from '../runtime/slots.ts';
import { stopSlot } from '../runtime/services.ts';
import { otherSlot } from '../paths.ts';
import type { SlotMode, SlotSpec, WorkerSpec } from '../runtime/model.ts';
import type { Job } from './job.ts';
import type { Built } from './model.ts';
import type { Provisioned } from './provision.ts';

export interface Staged {
  readonly provisioned: Provisioned;
  readonly spec: SlotSpec;
  readonly mode: SlotMode;
}

/** Fills the idle slot with the release; the live slot is not touched. */
export async function stage(job: Job, built: Built, provisioned: Provisioned): Promise<Staged> {
  const { app, paths, settings, undo } = job;
  const live = await liveSlot(paths, app);
  const slot = live === null ? 'a' : otherSlot(live);
  const spec: SlotSpec = {
    app, slot,
    storePath: built.storePath,
    closure: built.closure,
    static: built.runtime.static,
    workers: workersOf(job, built, provisioned, slot),
    stopGraceMs: settings.drainTimeout * 1000,
  };
  undo.add(`clear slot ${slot}`, async () => {
    await stopSlot(paths, app, slot, 2000);
    await clearSlot(paths, app, slot);
  });
  await fillSlot(paths, spec);
  return { provisioned, spec, mode: modeOf(built) };
}

function workersOf(job: Job, built: Built, provisioned: Provisioned, slot: SlotSpec['slot']): WorkerSpec[] {
  const ports = job.store.ports.ofApp(job.app);
  return Object.entries(built.runtime.workers).map(([type, command]) => {
    const port = type === 'web' ? (ports.find((row) => row.slot === slot && row.process === type && row.instance === 1)?.port ?? null) : null;
    const env = port === null ? provisioned.env : { ...provisioned.env, PORT: String(port) };
    return { name: `${type}.1`, type, command, port, env };
  });
}

function modeOf(built: Built): SlotMode {
  const web = Object.hasOwn(built.runtime.workers, 'web');
  if (built.runtime.static !== null) return web ? 'both' : 'static';
  return web ? 'web' : 'none';
}
