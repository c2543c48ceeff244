// limit: 240
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { told } from './tiny-apps.ts';
import { CHECKOUT, exec, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);

const guide = await readFile(join(CHECKOUT, 'docs/nix.md'), 'utf8');
const section = (title: string) => guide.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;
/** The section's files: a name in backquotes on a line, and a block below it. */
const files = (title: string) => Object.fromEntries([...section(title).matchAll(/^`([\w./-]+)`\n\n```\w+\n([\s\S]*?)^```$/gm)].map(([, name, text]) => [name!, text!]));
const commands = (title: string) => [...section(title).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text!);

const test = suite<{ world: World }>('docs/nix.md, word for word');
test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

/** Runs a shell block as a reader would type it in the app's directory. */
async function type(repo: Repo, script: string): Promise<string> {
  const ran = await exec('bash', ['-e', '-c', script], { cwd: repo.dir, env: { ...repo.world.env, PATH: `${join(CHECKOUT, 'bin')}:${repo.world.env['PATH']}` } });
  assert.is(ran.code, 0, `${script}\n${ran.output}`);
  return ran.stdout;
}

test('the hop3.nix by hand builds in a step of its own, serves what the step made, and runs', async ({ world }) => {
  const notes = await world.repo('notes', files('A hop3.nix by hand'));
  const pushed = await notes.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), 'Hand-crafted mode: hop3.nix');
  assert.is((await world.get('notes')).body, 'Hello from notes\n');
  assert.match((await world.get('notes', '/style.css')).body, /^\/\* built with v\d/);
});

test('planning prints what a push would build, and ejecting gives the file of one\'s own', async ({ world }) => {
  const radicale = await world.repo('radicale', 'real-apps-nix-gen/radicale');
  const [plan] = commands('What happens at a push');
  const printed = await type(radicale, plan!);
  assert.match(printed, /^mode: +template nixpkgs-wrapper$/m);
  assert.match(printed, 'pkgs.radicale');
  const [eject] = commands('From a template to a file of your own');
  await type(radicale, eject!);
  assert.match(await readFile(join(radicale.dir, 'hop3.nix'), 'utf8'), /^# Ejected by Hop3 .* from template nixpkgs-wrapper on \d{4}-\d\d-\d\d/);
  // There already: only --force replaces it.
  const again = await exec(join(CHECKOUT, 'bin/hop3'), ['nix', 'eject'], { cwd: radicale.dir, env: world.env });
  assert.is.not(again.code, 0);
  assert.match(again.output, '--force');
  await radicale.commit('ejected');
  assert.match(told(await radicale.push()), /\[nix\] is ignored: hop3\.nix was ejected from nixpkgs-wrapper on \d{4}-/);
});

test('a hash that is left away: the push prints the line, and with it the app is live', async ({ world }) => {
  // A program that this machine has never fetched.
  const program = `#!/bin/sh\n# ${process.pid} ${Date.now()}\nexec /usr/bin/python3 -m http.server --bind "$BIND_ADDRESS" "$PORT"\n`;
  const releases = createServer((_request, response) => response.end(program));
  await new Promise<void>((resolve) => { releases.listen(0, '127.0.0.1', () => { resolve(); }); });
  try {
    const { port } = releases.address() as AddressInfo;
    const toml = `[metadata]\nversion = "1.0"\n[nix]\ntemplate = "prebuilt-binary"\nurl = "http://127.0.0.1:${port}/hello?version=\${version}"\n`;
    const hello = await world.repo('hello', { 'hop3.toml': toml });
    const first = await hello.push();
    assert.is(first.code, 1, first.output);

    // The lines of the guide, with whatever hash and store path this build has.
    const shown = section('Hashes, and how to get them').split('\n').filter((line) => line.startsWith('    remote:')).map((line) => line.trim());
    assert.is(shown.length, 6);
    for (const line of shown) {
      const pattern = line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/sha256-[A-Za-z0-9/\\+]+=/g, 'sha256-\\S{43}=').replace('\\.\\.\\.', '[0-9a-z]{32}');
      assert.match(told(first), new RegExp(`^${pattern}$`, 'm'), told(first));
    }

    const line = /^remote: +(sha256 = "sha256-.*")$/m.exec(told(first))![1]!;
    await hello.commit('hash', { 'hop3.toml': `${toml}${line}\n` });
    const second = await hello.push();
    assert.is(second.code, 0, second.output);
    assert.is((await world.get('hello')).status, 200);
  } finally {
    releases.close();
  }
});

test.run();
