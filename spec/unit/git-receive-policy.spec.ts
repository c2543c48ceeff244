import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Oid } from '../../src/names.ts';
import type { RefCommand } from '../../src/server/receive-commands.ts';
import { decide } from '../../src/server/receive-policy.ts';
import { shortReason } from '../../src/server/receive-report.ts';

const policy = suite('which refs a push may move');

const A = 'a'.repeat(40) as Oid;
const B = 'b'.repeat(40) as Oid;
const make = (ref: string): RefCommand => ({ old: null, new: B, ref });
const update = (ref: string): RefCommand => ({ old: A, new: B, ref });
const remove = (ref: string): RefCommand => ({ old: A, new: null, ref });

/** Each ref with the reason git would print, or "deploy" or "keep". */
function outcome(branch: string | null, ...commands: RefCommand[]): Record<string, string> {
  const decision = decide(branch, commands);
  if (decision.kind === 'refused') return Object.fromEntries([...decision.reasons].map(([ref, error]) => [ref, shortReason(error)]));
  return Object.fromEntries(commands.map((command) => [command.ref, command === decision.deploy ? 'deploy' : decision.store.includes(command) ? 'keep' : 'lost']));
}

policy('the first of main or master is deployed', () => {
  assert.equal(outcome(null, make('refs/heads/main')), { 'refs/heads/main': 'deploy' });
  assert.equal(outcome(null, make('refs/heads/master')), { 'refs/heads/master': 'deploy' });
});

policy('another first branch is refused, with the command to type', () => {
  assert.equal(outcome(null, make('refs/heads/topic')), {
    'refs/heads/topic': 'topic cannot be the deployed branch: the first push goes to main or master [HOP3_OTHER_BRANCH]',
  });
  const decision = decide(null, [make('refs/heads/topic')]);
  assert.is(decision.kind === 'refused' && decision.main[0]?.next, 'To deploy it: git push hop3 topic:main');
});

policy('main and master at once: neither', () => {
  const reasons = outcome(null, make('refs/heads/main'), make('refs/heads/master'));
  assert.match(reasons['refs/heads/main']!, 'HOP3_TWO_BRANCHES');
  assert.match(reasons['refs/heads/master']!, 'HOP3_TWO_BRANCHES');
});

policy('once master is deployed, main is another branch', () => {
  assert.equal(outcome('master', update('refs/heads/master')), { 'refs/heads/master': 'deploy' });
  assert.equal(outcome('master', make('refs/heads/main')), { 'refs/heads/main': 'main is not the deployed branch, which is master [HOP3_OTHER_BRANCH]' });
  const decision = decide('release/2', [make('refs/heads/topic')]);
  assert.is(decision.kind === 'refused' && decision.main[0]?.next, 'To deploy it: git push hop3 topic:release/2');
});

policy('the deployed branch cannot be deleted, another one can', () => {
  assert.equal(outcome('main', remove('refs/heads/main')), { 'refs/heads/main': 'main is the deployed branch and cannot be deleted [HOP3_DELETE_BRANCH]' });
  assert.equal(outcome('main', remove('refs/heads/old')), { 'refs/heads/old': 'keep' });
  assert.match(outcome(null, remove('refs/heads/main'))['refs/heads/main']!, 'HOP3_DELETE_BRANCH');
});

policy('tags are kept, made, moved and deleted, and deploy nothing', () => {
  assert.equal(outcome('main', make('refs/tags/v1'), update('refs/tags/v2'), remove('refs/tags/v3')), {
    'refs/tags/v1': 'keep', 'refs/tags/v2': 'keep', 'refs/tags/v3': 'keep',
  });
  assert.equal(outcome('main', make('refs/tags/v1'), update('refs/heads/main')), { 'refs/tags/v1': 'keep', 'refs/heads/main': 'deploy' });
});

policy('other namespaces are refused', () => {
  for (const ref of ['refs/notes/commits', 'refs/stash', 'refs/pull/1/head', 'refs/remotes/hop3/main', 'refs/headsup/main', 'refs/hop3/x']) {
    assert.match(outcome('main', make(ref))[ref]!, 'neither a branch nor a tag [HOP3_REF_KIND]', ref);
  }
});

policy('one refused ref stops the whole push, and every ref says why', () => {
  assert.equal(outcome('main', update('refs/heads/main'), make('refs/heads/topic'), make('refs/tags/v1')), {
    'refs/heads/main': 'main was left alone because topic in the same push was refused [HOP3_WHOLE_PUSH]',
    'refs/heads/topic': 'topic is not the deployed branch, which is main [HOP3_OTHER_BRANCH]',
    'refs/tags/v1': 'v1 was left alone because topic in the same push was refused [HOP3_WHOLE_PUSH]',
  });
});

policy('a reason is one line that cannot repaint a terminal', () => {
  const decision = decide('main', [make('refs/heads/main\u001b[2J\r\nok')]);
  assert.is(decision.kind, 'refused');
  const [reason] = decision.kind === 'refused' ? [...decision.reasons.values()].map(shortReason) : [];
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  assert.not.match(reason!, /[\u0000-\u001f]/);
});

policy.run();
