import { setTimeout as delay } from 'node:timers/promises';
import { stopSlot } from '../runtime/services.ts';
import { clearSlot } from '../runtime/slots.ts';
import { endOldPasswords } from './addons.ts';
import type { Job } from './job.ts';
import type { Staged } from './stage.ts';
import type { Switched } from './switch.ts';

// A request that nginx resolved to the old slot just before the rename may still be on its way to the old worker.
const SETTLE_MS = 250;

/** Lets the old release finish its requests (SIGTERM, SIGKILL after the drain time), then empties its slot. What only it could open an addon with ends, too. */
export async function drain(job: Job, staged: Staged, switched: Switched): Promise<void> {
  await endPrevious(job, switched);
  await endOldPasswords(job, job.app, staged.provisioned.addonPasswords);
}

async function endPrevious(job: Job, switched: Switched): Promise<void> {
  if (switched.previous === null) return;
  try {
    await delay(SETTLE_MS);
    await stopSlot(job.paths, job.app, switched.previous, job.settings.drainTimeout * 1000);
    await job.steps.point('old release stopped');
    clearSlot(job.paths, job.app, switched.previous);
  } catch (error) {
    // The new release is live and stays so; the next deploy clears the slot before it fills it.
    job.reportDefect(`drain ${job.app} slot ${switched.previous}`, error);
  }
}
