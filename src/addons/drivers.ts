import type { AddonDriver, AddonType } from './model.ts';
import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';

const DRIVERS: Readonly<Record<AddonType, AddonDriver>> = { postgres, mysql, redis };

export function driverOf(type: AddonType): AddonDriver {
  return DRIVERS[type];
}
