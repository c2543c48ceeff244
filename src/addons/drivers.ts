import type { AddonDriver, AddonType } from './model.ts';
import { postgres } from './postgres.ts';

const DRIVERS: Readonly<Partial<Record<AddonType, AddonDriver>>> = { postgres };

/** The driver of a type; undefined while this version has none. */
export function driverOf(type: AddonType): AddonDriver | undefined {
  return DRIVERS[type];
}
