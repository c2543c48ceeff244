// limit: 200
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { GitWorld, runGit, tidy, until, WorkTree } from './git-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const pushing = suite('git push, as its user sees it');
let world: GitWorld;

pushing.before(async () => { world = await GitWorld.start(); });
pushing.after(() => world.stop());
pushing.after.each(() => {
  world.script = async () => {};
  assert.equal(world.defects.splice(0), []);
});

const buildFails = async (): Promise<void> => {
  throw new Hop3Error('HOP3_COMMAND_FAILED', { what: 'The build failed: exit code 1.', why: 'main.c:3: error\nmake: *** [all] Error 1', next: 'v1 is still live.' });
};

/** What git printed between its own `To ...` line and its last, with the server's address made short. */
const said = (text: string) => tidy(text).replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'HOP3');

pushing('the first push makes the app and the branch; lines come as they are printed', async () => {
  const tree = await world.clone('first');
  world.script = async (_push, log) => {
    log.phase('Building');
    await until('the spec to have seen the first line', () => go);
    log.output('done building');
  };
  let go = false;
  const { said: ended, seen } = tree.startPush('hop3', 'main');
  await until('the first line', () => seen().includes('remote: -----> Building'));
  assert.not(seen().includes('done building'));
  go = true;
  const { code, output } = await ended;
  assert.is(code, 0, output);
  assert.is(said(output), [
    'remote: -----> Building', 'remote:        done building', 'remote:        Released v1',
    'To HOP3/first.git', ' * [new branch]      main -> main', '',
  ].join('\n'));
  assert.is(await world.ref('first'), await tree.git('rev-parse', 'HEAD'));
  assert.is(world.store.apps.get('first' as never)?.branch, 'main');
  assert.ok(!output.includes(world.adminToken));
});

pushing('a failed deploy: exit 1, the cause last and in git\'s own line, the branch unmoved; the same commit again tries again', async () => {
  const tree = await world.liveApp('shop');
  const live = await world.ref('shop');
  const next = await tree.commit('two');
  world.script = buildFails;
  const first = await tree.push('hop3', 'main');
  assert.is(first.code, 1);
  assert.is(said(first.output), [
    'remote:  !     Push rejected: The build failed: exit code 1.',
    'remote:        main.c:3: error', 'remote:        make: *** [all] Error 1', 'remote:        v1 is still live.',
    'remote:  !     The build failed: exit code 1. [HOP3_COMMAND_FAILED]',
    'To HOP3/shop.git',
    ' ! [remote rejected] main -> main (The build failed: exit code 1 [HOP3_COMMAND_FAILED])',
    "error: failed to push some refs to 'HOP3/shop.git'", '',
  ].join('\n'));
  assert.is(await world.ref('shop'), live);
  const tries = world.pushes.length;
  const second = await tree.push('hop3', 'main');
  assert.is(second.code, 1);
  assert.is(world.pushes.length, tries + 1);
  world.script = async () => {};
  assert.is((await tree.push('hop3', 'main')).code, 0);
  assert.is(await world.ref('shop'), next);
  assert.match((await tree.push('hop3', 'main')).output, 'Everything up-to-date');
});

pushing('a defect tells the client nothing of the inside, and the server all of it', async () => {
  const tree = await world.liveApp('defect');
  await tree.commit('two');
  world.script = async () => { throw new TypeError('secret inside /var/lib/hop3'); };
  const { code, output } = await tree.push('hop3', 'main');
  assert.is(code, 1);
  assert.match(output, '! [remote rejected] main -> main (Hop3 met an error of its own [HOP3_INTERNAL])');
  assert.not(output.includes('secret inside'));
  assert.match(world.defects.splice(0).join('\n'), 'secret inside');
});

pushing('another branch is refused before anything is sent to git, with the command to type', async () => {
  const tree = await world.liveApp('branches');
  const before = world.pushes.length;
  const { code, output } = await tree.push('hop3', 'HEAD:topic');
  assert.is(code, 1);
  assert.is(said(output), [
    'remote:  !     Push rejected: topic is not the deployed branch, which is main.',
    'remote:        To deploy it: git push hop3 topic:main',
    'To HOP3/branches.git',
    ' ! [remote rejected] HEAD -> topic (topic is not the deployed branch, which is main [HOP3_OTHER_BRANCH])',
    "error: failed to push some refs to 'HOP3/branches.git'", '',
  ].join('\n'));
  assert.is(world.pushes.length, before);
  await tree.git('branch', 'topic');
  await tree.commit('only on main');
  // The command that was told works.
  assert.is((await tree.push('-f', 'hop3', 'topic:main')).code, 0);
});

pushing('a first push to another branch makes no app; master can be the deployed branch', async () => {
  const tree = await world.clone('masterly');
  assert.match((await tree.push('hop3', 'HEAD:topic')).output, '(topic cannot be the deployed branch: the first push goes to main or master [HOP3_OTHER_BRANCH])');
  assert.match((await tree.push('hop3', 'HEAD:main', 'HEAD:master')).output, '[HOP3_TWO_BRANCHES]');
  assert.is((await tree.push('--dry-run', 'hop3', 'main')).code, 0);
  assert.not(world.created.includes('masterly'));
  assert.is((await tree.push('hop3', 'HEAD:master')).code, 0);
  assert.match((await tree.push('hop3', 'main')).output, '(main is not the deployed branch, which is master [HOP3_OTHER_BRANCH])');
  // A clone of the app checks the deployed branch out.
  const clone = await runGit(world, world.home, ['clone', '-q', world.url('masterly'), 'cloned']);
  assert.is(clone.code, 0, clone.output);
  assert.is(await new WorkTree(world, `${world.home}/cloned`).git('branch', '--show-current'), 'master');
});

pushing('deleting the deployed branch is refused', async () => {
  const tree = await world.liveApp('delete');
  const live = await world.ref('delete');
  const { code, output } = await tree.push('hop3', ':main');
  assert.is(code, 1);
  assert.match(output, '! [remote rejected] main (main is the deployed branch and cannot be deleted [HOP3_DELETE_BRANCH])');
  assert.match(output, 'hop3 app destroy');
  assert.is(await world.ref('delete'), live);
});

pushing('two refs, one refused: nothing is deployed and each says why, with --atomic too', async () => {
  const tree = await world.liveApp('two');
  const live = await world.ref('two');
  await tree.commit('two');
  for (const option of ['--no-atomic', '--atomic']) {
    const before = world.pushes.length;
    const { code, output } = await tree.push(option, 'hop3', 'main', 'HEAD:topic');
    assert.is(code, 1);
    assert.match(output, '! [remote rejected] main -> main (main was left alone because topic in the same push was refused [HOP3_WHOLE_PUSH])');
    assert.match(output, '! [remote rejected] HEAD -> topic (topic is not the deployed branch');
    assert.is(world.pushes.length, before);
    assert.is(await world.ref('two'), live);
  }
  assert.is((await tree.push('--atomic', 'hop3', 'main')).code, 0);
});

pushing('refs/notes and other namespaces are refused, also beside the branch', async () => {
  const tree = await world.liveApp('notes');
  await tree.commit('two');
  const { code, output } = await tree.push('hop3', 'main', 'HEAD:refs/notes/commits');
  assert.is(code, 1);
  assert.match(output, '! [remote rejected] HEAD -> refs/notes/commits (refs/notes/commits is neither a branch nor a tag [HOP3_REF_KIND])');
  assert.is(await world.ref('notes', 'refs/notes/commits'), null);
});

pushing('a tag alone is kept and told: nothing deployed; its command works', async () => {
  const tree = await world.liveApp('tags');
  await tree.commit('two');
  await tree.git('tag', '-a', 'v1.0', '-m', 'one');
  const before = world.pushes.length;
  const { code, output } = await tree.push('hop3', 'v1.0');
  assert.is(code, 0);
  assert.match(output, 'remote: -----> Nothing was deployed');
  assert.match(output, 'remote:        To deploy it: git push hop3 v1.0^{commit}:main');
  assert.is(world.pushes.length, before);
  assert.ok(await world.ref('tags', 'refs/tags/v1.0'));
  assert.is((await tree.push('hop3', 'v1.0^{commit}:main')).code, 0);
  assert.is(world.pushes.length, before + 1);
  assert.is((await tree.push('hop3', ':v1.0')).code, 0);
  assert.is(await world.ref('tags', 'refs/tags/v1.0'), null);
});

pushing('an annotated tag pushed to the branch deploys its commit, and client and server agree on it', async () => {
  const tree = await world.liveApp('annotated');
  const commit = await tree.commit('two');
  await tree.git('tag', '-a', 'v1', '-m', 'one');
  const { code, output } = await tree.push('hop3', 'v1:main');
  assert.is(code, 0, output);
  assert.match(output, `is an annotated tag: its commit ${commit.slice(0, 7)} is what goes live`);
  assert.is(world.pushes.at(-1)?.commit, commit);
  assert.is(await world.ref('annotated'), commit);
  assert.is(await tree.git('rev-parse', 'refs/remotes/hop3/main'), commit);
  assert.match((await tree.push('hop3', 'main')).output, 'Everything up-to-date');
});

pushing('a tree pushed to the branch is refused', async () => {
  const tree = await world.liveApp('trees');
  const { code, output } = await tree.push('-f', 'hop3', 'main^{tree}:main');
  assert.is(code, 1);
  assert.match(output, 'is a tree, not a commit [HOP3_NOT_A_COMMIT])');
});

pushing('a tag beside a branch whose deploy fails is not kept either', async () => {
  const tree = await world.liveApp('together');
  await tree.commit('two');
  await tree.git('tag', 'v2');
  world.script = buildFails;
  const { code, output } = await tree.push('hop3', 'main', 'v2');
  assert.is(code, 1);
  assert.match(output, '! [remote rejected] v2 -> v2 (left alone because main was not deployed [HOP3_WHOLE_PUSH])');
  assert.is(await world.ref('together', 'refs/tags/v2'), null);
  world.script = async () => {};
  assert.is((await tree.push('--follow-tags', 'hop3', 'main', 'v2')).code, 0);
  assert.ok(await world.ref('together', 'refs/tags/v2'));
});

pushing('a push from a shallow clone is refused at once with what to type; with its parents there it passes', async () => {
  const tree = await world.liveApp('deep');
  await tree.commit('two');
  await tree.commit('three');
  await runGit(world, world.home, ['clone', '-q', '--depth', '1', `file://${tree.dir}`, 'shallow']);
  const shallow = new WorkTree(world, `${world.home}/shallow`);
  await shallow.git('remote', 'add', 'hop3', world.url('unseen'));
  const before = world.pushes.length;
  const { code, output } = await shallow.push('hop3', 'main');
  assert.is(code, 1);
  assert.match(output, 'comes from a shallow clone: parents of its history are missing [HOP3_SHALLOW_PUSH])');
  assert.match(output, 'remote:        git fetch --unshallow && git push hop3 HEAD:main');
  assert.is(world.pushes.length, before);
  // Behind what the app has: git refuses on its own side and yet sends a request that asks for nothing.
  await tree.push('hop3', 'main');
  await shallow.git('remote', 'set-url', 'hop3', world.url('deep'));
  await tree.commit('four');
  await tree.push('hop3', 'main');
  const behind = await shallow.push('hop3', 'main');
  assert.match(behind.output, '(fetch first)');
  assert.not(behind.output.includes('RPC failed'));
  await tree.push('-f', 'hop3', 'HEAD~1:main');
  await shallow.commit('from shallow');
  const passed = await shallow.push('hop3', 'main');
  assert.is(passed.code, 0, passed.output);
  // The whole history for the app that refused it.
  await shallow.git('fetch', '-q', '--unshallow', 'origin');
  assert.is((await shallow.push(world.url('unseen'), 'main')).code, 0);
});

pushing('a force push to an older commit passes: it is a rollback', async () => {
  const tree = await world.liveApp('back');
  const old = await tree.git('rev-parse', 'HEAD');
  await tree.commit('two');
  await tree.push('hop3', 'main');
  const { code, output } = await tree.push('-f', 'hop3', `${old}:main`);
  assert.is(code, 0, output);
  assert.is(world.pushes.at(-1)?.commit, old);
  assert.is(await world.ref('back'), old);
});

pushing('push options reach the deploy', async () => {
  const tree = await world.liveApp('options');
  await tree.commit('two');
  const { code, output } = await tree.push('-o', 'ci.skip', '-o', 'key=a b', 'hop3', 'main');
  assert.is(code, 0, output);
  assert.equal(world.pushes.at(-1)?.options, ['ci.skip', 'key=a b']);
});

pushing('who pushed is the token\'s name', async () => {
  const tree = await world.liveApp('who');
  assert.is(world.pushes.at(-1)?.pusher, 'admin');
  await tree.commit('two');
  assert.is((await tree.push(world.url('who', world.tokenFor('who')), 'main')).code, 0);
  assert.is(world.pushes.at(-1)?.pusher, 'who-ci');
});

pushing('the branch moves between the look at it and the push: refused, nothing of it is deployed', async () => {
  const ann = await world.liveApp('race');
  await runGit(world, world.home, ['clone', '-q', '-o', 'hop3', world.url('race'), 'bob']);
  const bob = new WorkTree(world, `${world.home}/bob`);
  const live = await ann.commit('ann');
  await bob.commit('bob');
  // git runs this hook after it has read the server's refs and before it sends anything.
  writeFileSync(`${bob.dir}/.git/hooks/pre-push`, `#!/bin/sh\ncd ${ann.dir} && git push -q hop3 main >&2\n`, { mode: 0o755 });
  const { code, output } = await bob.push('hop3', 'main');
  assert.is(code, 1);
  assert.match(output, `! [remote rejected] main -> main (main has moved to ${live.slice(0, 7)} since this push began [HOP3_STALE_PUSH])`);
  assert.is(world.pushes.at(-1)?.commit, live);
  assert.is(await world.ref('race'), live);
});

pushing('a push that waited while another one went live does not undo it', async () => {
  const ann = await world.liveApp('queue');
  await runGit(world, world.home, ['clone', '-q', '-o', 'hop3', world.url('queue'), 'cid']);
  const cid = new WorkTree(world, `${world.home}/cid`);
  const first = await ann.commit('ann');
  const second = await cid.commit('cid');
  let annDone = false;
  world.script = async (push, log) => {
    if (push.commit !== second) return until('cid to be waiting', () => world.pushes.at(-1)?.commit === second);
    log.phase('Waiting: queue is busy');
    await until('ann to be live', () => annDone);
  };
  const annPush = ann.push('hop3', 'main').then((ended) => { annDone = true; return ended; });
  await until('ann to be deploying', () => world.pushes.at(-1)?.commit === first);
  const cidPush = cid.push('hop3', 'main');
  assert.is((await annPush).code, 0);
  const { code, output } = await cidPush;
  assert.is(code, 1);
  assert.match(output, '[HOP3_STALE_PUSH]');
  assert.is(await world.ref('queue'), first);
});

pushing('a log as large as a build\'s is whole, and the verdict is the last line', async () => {
  const tree = await world.liveApp('loud');
  await tree.commit('two');
  world.script = async (_push, log) => {
    for (let line = 0; line < 5000; line += 1) log.output(`line ${line} ${'x'.repeat(100)}`);
    await buildFails();
  };
  const { output } = await tree.push('hop3', 'main');
  assert.is(output.match(/^remote: {8}line \d+ x{100} *$/gm)?.length, 5000);
  assert.match(tidy(output).trimEnd().split('\n').at(-1)!, 'error: failed to push some refs');
});

pushing('names that no app can have are told by the rule they break', async () => {
  const tree = await world.clone('names');
  for (const [name, words] of [
    ['A_b', '"A_b" cannot be an app name'], ['..%2fx', '"../x" cannot be an app name'], ['a'.repeat(64), 'An app name has 1 to 39 characters'], ['api', '"api" is reserved for Hop3 itself'],
  ] as const) {
    const { code, output } = await tree.push(world.url(name), 'main');
    assert.is(code, 128);
    assert.match(output, `remote: ${words.slice(0, 20)}`);
    assert.match(output, words);
    assert.match(output, 'remote: [HOP3_APP_NAME]');
  }
  assert.not(world.created.some((name) => /[^a-z0-9-]/.test(name)));
});

pushing('a clone gives what is live, protocol v2 or not', async () => {
  const tree = await world.liveApp('cloneable');
  for (const version of ['0', '2']) {
    const clone = await runGit(world, world.home, ['-c', `protocol.version=${version}`, 'clone', '-q', world.url('cloneable'), `copy${version}`]);
    assert.is(clone.code, 0, clone.output);
    assert.is(await new WorkTree(world, `${world.home}/copy${version}`).git('rev-parse', 'HEAD'), await tree.git('rev-parse', 'HEAD'));
  }
  const depth = await runGit(world, world.home, ['clone', '-q', '--depth', '1', world.url('cloneable'), 'copy-shallow']);
  assert.is(depth.code, 0, depth.output);
  const none = await runGit(world, world.home, ['clone', '-q', world.url('nothing'), 'nothing']);
  assert.match(none.output, 'remote: There is no app named nothing.');
});

pushing.run();
