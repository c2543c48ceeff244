import type { Case } from '../bench.ts';
import { bigPush } from './big-push.ts';
import { commands } from './commands.ts';
import { deploysUnderLoad } from './deploys-under-load.ts';
import { known1000 } from './known-1000.ts';
import { memoryOverTime } from './memory-over-deploys.ts';
import { neighbour } from './neighbour.ts';
import { nginx } from './nginx.ts';
import { staticChange, staticChange1000 } from './static-change.ts';
import { staticKnown } from './static-known.ts';
import { thousandApps } from './thousand-apps.ts';
import { twentyApps } from './twenty-apps.ts';
import { webChange } from './web-change.ts';
import { webKnown } from './web-known.ts';

/** Every case, in the order of the table. */
export const CASES: readonly Case[] = [
  staticKnown, staticChange, staticChange1000, known1000, webKnown, webChange, bigPush, twentyApps, nginx, deploysUnderLoad,
  thousandApps, commands, neighbour, memoryOverTime,
];
