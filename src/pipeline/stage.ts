import { setTimeout as delay } from 'node:timers/promises';
import { liveSlot, clearSlot, fillSlot } from '../runtime/slots.ts';
import { resumeWorkers, stopSlot } from '../runtime/services.ts';
import { otherSlot, type SlotName } from '../paths.ts';
import type { SlotSpec, WorkerSpec } from '../runtime/model.ts';
import type { PortRow } from '../store/ports.ts';
import { unlessCancelled } from './cancel.ts';
import type { Job } from './job.ts';
import type { Built } from './model.ts';
import { limitsOf } from './limits.ts';
import { matchPorts } from './ports.ts';
import { processTypes } from './process-types.ts';
import type { Provisioned } from './provision.ts';
import { applySiteOr } from './sites.ts';

export interface Staged {
  readonly provisioned: Provisioned;
  readonly spec: SlotSpec;
  /** What `current` has to name to make the slot live. */
  readonly target: string;
  /** Processes of the live release that were stopped because the new one needs their fixed ports. */
  readonly paused: string[];
  /** Resolves when no other app listens on the slot's ports. */
  readonly portsSwept: Promise<void>;
}

/** Fills the idle slot with the release; the live slot is not touched. */
export async function stage(job: Job, built: Built, provisioned: Provisioned): Promise<Staged> {
  const { app, paths, settings, undo } = job;
  await waitForSlot(job);
  const live = liveSlot(paths, app);
  const slot = live === null ? 'a' : otherSlot(live);
  const spec: SlotSpec = {
    app, slot,
    storePath: built.storePath,
    closure: built.closure,
    static: built.runtime.static,
    workers: await workersOf(job, built, provisioned, slot),
    limits: limitsOf(settings, built.config),
    stopGraceMs: settings.drainTimeout * 1000,
  };
  // Beside the writing of the slot, which takes as long.
  const portsSwept = spec.workers.length > 0 ? job.sweepPorts() : Promise.resolve();
  const paused: string[] = [];
  // Undone after the slot is cleared: only then are the fixed ports free again.
  undo.add('start the paused processes again', async () => {
    if (live !== null && paused.length > 0) await resumeWorkers(paths, app, live, paused);
  });
  undo.add(`clear slot ${slot}`, async () => {
    await stopSlot(paths, app, slot, 2000);
    clearSlot(paths, app, slot);
  });
  const target = await fillSlot(paths, spec);
  return { provisioned, spec, target, paused, portsSwept };
}

// Most slots are free within this; a line about every short wait would only be read for nothing.
const TELL_AFTER = 1000;

/** The release before the live one may take up to the drain time to finish its requests; this one needs its place. */
async function waitForSlot(job: Job): Promise<void> {
  const free = unlessCancelled(job.signal, job.slotFree());
  const stillBusy = Symbol('still busy');
  if ((await Promise.race([free, delay(TELL_AFTER, stillBusy)])) !== stillBusy) return;
  const text = `the release before the live one finishes its requests (at most ${job.settings.drainTimeout} s)`;
  job.waits(text);
  job.log.waiting(text);
  await free;
  job.waits(null);
}

/**
 * The processes of the release, as many of each type as the app is scaled to. The idle slot gets a port for each web process; when
 * their number changed nginx is told, which the live slot does not notice.
 */
async function workersOf(job: Job, built: Built, provisioned: Provisioned, slot: SlotSpec['slot']): Promise<WorkerSpec[]> {
  const counts = job.store.scale.get(job.app);
  const types = Object.entries(processTypes(built));
  const webs = types.some(([type]) => type === 'web') ? (counts['web'] ?? 1) : 1;
  await givePorts(job, slot, webs);
  const ports = portsOf(job, slot);
  return types.flatMap(([type, command]) => Array.from({ length: counts[type] ?? 1 }, (_, index): WorkerSpec => {
    const port = type === 'web' ? (ports.find((row) => row.process === type && row.instance === index + 1)?.port ?? null) : null;
    const env = port === null ? provisioned.env : { ...provisioned.env, PORT: String(port) };
    return { name: `${type}.${index + 1}`, type, command, port, env };
  }));
}

/** The records keep what nginx has: the next deploy, which needs as many, would not tell it again. */
async function givePorts(job: Job, slot: SlotName, webs: number): Promise<void> {
  const had = portsOf(job, slot).length;
  if (await matchPorts(job, job.app, slot, webs)) await applySiteOr(async () => { await matchPorts(job, job.app, slot, had); }, job, job.app);
}

function portsOf({ store, app }: Job, slot: SlotName): PortRow[] {
  return store.ports.ofApp(app).filter((row) => row.slot === slot && row.process === 'web');
}
