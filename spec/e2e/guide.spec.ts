// limit: 240
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { CHECKOUT, exec, World } from './world.ts';

await asOrdinaryUser(import.meta.url);

interface Block { readonly language: string; readonly text: string; readonly file: string | null }

const guide = await readFile(join(CHECKOUT, 'docs/guide.md'), 'utf8');
/** The guide's blocks; a file's name stands in backquotes on the line before its text. */
const blocks: Block[] = [...guide.matchAll(/(?:^`([\w./-]+)`\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({ file: match[1] ?? null, language: match[2]!, text: match[3]! }));
const section = (title: string): Block[] => {
  const start = guide.indexOf(`## ${title}\n`);
  assert.ok(start >= 0, `the guide has a section ${title}`);
  const end = guide.indexOf('\n## ', start + 4);
  return blocks.filter((block) => {
    const at = guide.indexOf(block.text);
    return at > start && (end === -1 || at < end);
  });
};
const files = (title: string) => Object.fromEntries(section(title).filter((block) => block.file).map((block) => [block.file!, block.text]));

const test = suite<{ world: World; token: string }>('the guide, word for word');
test.before(async (context) => {
  context.world = await World.start();
  context.token = await context.world.token();
});
test.after(async ({ world }) => { await world.stop(); });

/** Runs a shell block of the guide as a reader would type it, against this world's port. */
async function type(world: World, script: string, cwd: string): Promise<string> {
  const text = script.replaceAll('127.0.0.1:7000', `127.0.0.1:${world.port}`);
  const ran = await exec('bash', ['-e', '-c', text], { cwd, env: { ...world.env, TOKEN: await world.token(), PATH: `${join(CHECKOUT, 'bin')}:${world.env['PATH']}` } });
  assert.is(ran.code, 0, `${text}\n${ran.output}`);
  return ran.output;
}

test('a static site', async ({ world }) => {
  const repo = await world.repo('my-site', files('A static site'));
  await exec('rm', ['-rf', join(repo.dir, '.git')]);
  const script = section('A static site').find((block) => block.language === 'sh')!.text;
  assert.match(await type(world, script, repo.dir), 'Released v1');
  assert.match((await world.get('my-site')).body, 'It is live');
});

test('a web app, with a health check', async ({ world }) => {
  const repo = await world.repo('hello', files('A web app'));
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('hello')).body, 'Hello from v1\n');
});

test('going back, variables, looking', async ({ world }) => {
  const repo = await world.repo('my-site2', files('A static site'));
  await repo.git('remote', 'set-url', 'hop3', `http://hop3:${await world.token()}@127.0.0.1:${world.port}/my-site.git`);
  await repo.edit('public/index.html', (html) => html.replace('It is live', 'It is changed'));
  await repo.commit('changed');
  assert.is((await repo.push('-f', 'hop3', 'main')).code, 0);
  assert.match((await world.get('my-site')).body, 'It is changed');
  const [back] = section('Going back').filter((block) => block.language === 'sh');
  await type(world, back!.text, repo.dir);
  assert.match((await world.get('my-site')).body, 'It is live');
  const [verify] = section('Is it really that build?');
  assert.match(await type(world, verify!.text, repo.dir), 'v1 of my-site is bit-identical.');
  for (const title of ['Variables and secrets', 'Looking at what runs']) {
    for (const block of section(title)) await type(world, block.text, repo.dir);
  }
  assert.is((await world.get('hello')).body, 'Hello from v3\n');
});

test('the template example is the start of the whole one', async ({ world }) => {
  const [start, check] = section('A packaged program, without writing Nix');
  const whole = await readFile(join(CHECKOUT, 'apps/real-apps-nix-gen/radicale/hop3.toml'), 'utf8');
  for (const line of start!.text.split('\n').filter((text) => text !== '')) assert.match(whole, line);
  assert.match(await type(world, check!.text, world.home), /^package: +radicale$/m);
});

test.run();
