import { suite } from 'uvu';
import { diskStories, smallDisk, type DiskSuite } from './disk-stories.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

const disk = smallDisk();
await asOrdinaryUser(import.meta.url);
const test: DiskSuite = suite('a full disk');
// Every point of a deploy is a long form: spec/torture/crash-disk.spec.ts
diskStories(test, disk, ['stage', 'renamed']);
test.run();
