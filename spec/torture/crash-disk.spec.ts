// limit: 900
import { suite } from 'uvu';
import type { Point } from '../../src/pipeline/points.ts';
import { diskStories, smallDisk, type DiskSuite } from '../e2e/disk-stories.ts';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';

const POINTS: readonly Point[] = ['checkout', 'render', 'build', 'keep', 'provision', 'stage', 'start', 'switch', 'switch begun', 'renamed', 'branch moved', 'record', 'drain'];

const disk = smallDisk();
await asOrdinaryUser(import.meta.url);
const test: DiskSuite = suite('a full disk');
// A part of a point's name plays that one alone.
diskStories(test, disk, POINTS.filter((one) => one.includes(process.env['HOP3_SPEC_CELL'] ?? '')));
test.run();
