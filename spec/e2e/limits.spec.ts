// limit: 300
import { suite } from 'uvu';
import { limitStories } from './limit-stories.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

// An ordinary user's process is in a cgroup that nobody delegated to it; limits-cgroup.spec.ts makes one.
const test = suite('limits where no cgroup can be used');
limitStories(test, 'rlimits');
test.run();
