// limit: 180
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolvePackageSet } from '../../src/nix/package-set.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';
import { derivation, nixAnswers, NixWorld } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
process.env['NIX_REMOTE'] ??= 'daemon';

interface Context { world: NixWorld; releases: Server; address: string }
const failing = suite<Context>('nix: what a push says of a build that fails, on the host set');

failing.before.each(async (context) => {
  context.world = new NixWorld();
  context.world.packageSet = await resolvePackageSet({ root: context.world.root, nixpkgs: { kind: 'host' } }, context.world.log);
  // A program that no other run has fetched; the store would have it already.
  const program = `#!/bin/sh\n# ${process.pid} ${Date.now()}\necho hello\n`;
  context.releases = createServer((request, response) => {
    if (request.url === '/hello') response.end(program);
    else response.writeHead(404).end('no such release');
  });
  await new Promise<void>((resolve) => { context.releases.listen(0, '127.0.0.1', () => { resolve(); }); });
  context.address = `http://127.0.0.1:${(context.releases.address() as AddressInfo).port}`;
});
failing.after.each(({ world, releases }) => {
  releases.close();
  world.end();
});

/** Builds the app of a downloaded program, as a push of this [nix] table would. */
function pushed(world: NixWorld, nix: Record<string, unknown>) {
  const { expression, hashes } = renderTemplate(configWith('prebuilt-binary', nix, { id: 'hello', version: '1.0' }), 'hello');
  return world.buildRendered(expression, hashes);
}

failing('a missing hash: the line to paste, which then builds; a wrong one: the line to put in its place', async ({ world, address }) => {
  const url = `${address}/hello`;
  const missing = await caught(pushed(world, { url }));
  assert.is(missing.code, 'HOP3_BUILD_HASH_MISSING', `${missing.what}\n${missing.why}`);
  assert.is(missing.what, '[nix] sha256 is missing. hello-1.0 was fetched to find out what it is.');
  assert.match(missing.why ?? '', /error: hash mismatch in fixed-output derivation[\s\S]*got: {4}sha256-/, "nix's own words");
  const line = /^ {2}sha256 = "(sha256-[A-Za-z0-9+/]{43}=)"$/m.exec(missing.next ?? '');
  assert.ok(line, missing.next);
  assert.match((await pushed(world, { url, sha256: line[1] })).storePath, /^\/nix\/store\//);

  const other = `sha256-${'A'.repeat(42)}E=`;
  const changed = await caught(pushed(world, { url, sha256: other }));
  assert.is(changed.code, 'HOP3_BUILD_HASH');
  assert.is(changed.what, 'hello-1.0 is not what hop3.toml says: [nix] sha256 is the hash of something else.');
  assert.match(changed.why ?? '', `specified: ${other}`);
  assert.match(changed.next ?? '', `  sha256 = "${line[1]}"`);
});

failing('a release that is not there: what its server answered', async ({ world, address }) => {
  const error = await caught(pushed(world, { url: `${address}/hello-2.0` }));
  assert.is(error.code, 'HOP3_BUILD_FETCH', `${error.what}\n${error.why}`);
  assert.match(error.what, 'The server of a download answered 404 (there is no such file).');
  assert.match(error.next ?? '', 'Check the address in hop3.toml');
});

failing('a server of downloads that does not answer', async ({ world }) => {
  const error = await caught(pushed(world, { url: 'http://127.0.0.1:1/hello' }));
  assert.is(error.code, 'HOP3_BUILD_FETCH', `${error.what}\n${error.why}`);
  assert.match(error.what, 'Failed to connect to 127.0.0.1 port 1');
});

failing('a file that is not in the pushed tree, in each way to name one', async ({ world }) => {
  for (const read of ['"${./app.css}"', 'builtins.readFile ./app.css', 'builtins.path { name = "source"; path = ./app.css; }']) {
    const error = await caught(world.build(`{ pkgs ? import <nixpkgs> { } }:\n{ package = pkgs.runCommand "x" { css = ${read}; } "exit 1"; }`));
    assert.is(error.code, 'HOP3_EVAL_FILE', `${read}: ${error.what}`);
    assert.match(error.what, 'app.css is not in the pushed tree.', error.what);
    assert.match(error.next ?? '', 'git ls-files app.css');
  }
  const gems = await caught(world.build('{ package = import ./gemset.nix; }'));
  assert.match(gems.next ?? '', /bundix .*makes it from Gemfile\.lock/);
});

failing("a package that is not in the set: what took its place", async ({ world }) => {
  const error = await caught(world.build('{ pkgs ? import <nixpkgs> { } }:\n{ package = pkgs.runCommand "x" { } "${pkgs.nextcloud31}"; }'));
  assert.is(error.code, 'HOP3_EVAL_MISSING', `${error.what} ${error.why}`);
  assert.match(error.what, /^hop3\.nix:2:\d+: there is no "nextcloud31" there\.$/);
  assert.is(error.next, 'nixpkgs has no nextcloud31 any more. It has reached its end of life. Nextcloud takes one version at a time: go through each. Use nextcloud32 or nextcloud33 in its place.');
});

failing('a program that the machine of the host set does not have', async ({ world }) => {
  const error = await caught(world.build('{ pkgs ? import <nixpkgs> { } }:\n{ package = pkgs.runCommand "x" { } "${pkgs.python310}/bin/python3"; }'));
  assert.is(error.code, 'HOP3_BUILD_FAILED');
  assert.match(error.what, 'the host package set has no python310', `${error.what} ${error.why}`);
});

failing('npm that wants what its lock file does not name', async ({ world }) => {
  const script = `cd "$(mktemp -d)" && export HOME="$PWD" && echo '{"name":"x","version":"1.0.0","dependencies":{"left-pad":"1.3.0"}}' > package.json && npm install --offline --no-audit || exit 1`;
  const error = await caught(world.build(`{ package = ${derivation(script)}; }`));
  assert.is(error.code, 'HOP3_BUILD_OFFLINE', `${error.what}\n${error.why}`);
  assert.match(error.what, /^Building demo failed with exit code 1: npm wanted https?:\S+left-pad, which package-lock\.json does not name/);
});

failing('the wish for no sandbox: what to change, and who can allow it', async ({ world }) => {
  const text = () => `{ package = ${derivation('echo > $out', '__noChroot = true;')}; }`;
  const refused = await caught(world.build(text()));
  assert.is(refused.code, 'HOP3_BUILD_UNSANDBOXED');
  assert.match(refused.next ?? '', 'An operator can allow it: HOP3_ALLOW_UNSANDBOXED_BUILDS in docs/operations.md.');
  world.settings = { ...world.settings, allowUnsandboxedBuilds: true };
  // The daemon goes by its own nix.conf: the setting alone does not open the sandbox.
  assert.match((await caught(world.build(text()))).next ?? '', 'the operator must write sandbox = relaxed into nix.conf');
});

if (nixAnswers()) failing.run();
