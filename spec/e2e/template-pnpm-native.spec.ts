// limit: 300
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StorePath } from '../../src/names.ts';
import { resolvePackageSet } from '../../src/nix/package-set.ts';
import { closureOf } from '../../src/nix/store.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';
import { npmIntegrity, npmRegistry } from './npm-registry.ts';
import { nixAnswers, NixWorld } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
process.env['NIX_REMOTE'] ??= 'daemon';

interface Context { world: NixWorld; npmrc: string }
const native = suite<Context>('node-pnpm-install: a package that is compiled');
native.before.each(async (context) => {
  context.world = new NixWorld();
  context.world.settings = { ...context.world.settings, buildTimeout: 250, buildSilence: 250 };
  context.world.packageSet = await resolvePackageSet({ root: context.world.root, nixpkgs: { kind: 'host' } }, context.world.log);
});
native.after.each(({ world }) => world.end());

/** fs-ext brings C++ and no compiled file. */
const FILES = (npmrc: string) => ({
  '.npmrc': npmrc,
  'package.json': '{ "name": "locks", "private": true, "type": "module", "dependencies": { "fs-ext": "2.1.1" } }\n',
  'server.mjs': "import { constants, flockSync } from 'fs-ext';\nconsole.log(typeof flockSync, constants.LOCK_EX);\n",
  'pnpm-lock.yaml': [
    "lockfileVersion: '9.0'", '', 'settings:', '  autoInstallPeers: true', '  excludeLinksFromLockfile: false', '', 'importers:', '', '  .:',
    '    dependencies:', '      fs-ext:', '        specifier: 2.1.1', '        version: 2.1.1', '', 'packages:', '',
    '  fs-ext@2.1.1:', `    resolution: {integrity: ${npmIntegrity('fs-ext', '2.1.1')}}`, "    engines: {node: '>= 8.0.0'}", '',
    '  nan@2.22.0:', `    resolution: {integrity: ${npmIntegrity('nan', '2.22.0')}}`, '',
    'snapshots:', '', '  fs-ext@2.1.1:', '    dependencies:', '      nan: 2.22.0', '', '  nan@2.22.0: {}', '',
  ].join('\n'),
});

async function build(world: NixWorld, keys: Record<string, unknown>): Promise<StorePath> {
  const nix = { 'exec-target': 'server.mjs', ...keys };
  const { expression } = renderTemplate(configWith('node-pnpm-install', nix, { id: 'locks', version: `1.${Date.now()}` }), 'locks');
  return (await world.buildRendered(expression)).storePath;
}

function start(world: NixWorld, storePath: string) {
  return spawnSync(join(storePath, 'bin/hop3-start'), [], { cwd: world.root, encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
}

native('is compiled offline against the Node.js that loads it, and leaves nothing of the compiler behind', async ({ world, npmrc }) => {
  for (const [name, text] of Object.entries(FILES(npmrc))) writeFileSync(join(world.sourceDir, name), text);
  const error = await caught(build(world, {}));
  const hash = /got:\s+(\S+)/.exec(`${error.why}${world.shown.join('')}`)?.[1];
  assert.ok(hash, `${error.message}\n${error.why}`);

  const without = await build(world, { 'node-deps-hash': hash });
  assert.match(start(world, without).stderr, /Cannot find module|MODULE_NOT_FOUND/, 'no script of a package is run unasked');

  const storePath = await build(world, { 'node-deps-hash': hash, 'node-native-packages': ['fs-ext'] });
  const ran = start(world, storePath);
  assert.is(ran.stdout, 'function 2\n', ran.stderr);
  assert.not.match((await closureOf(storePath)).join('\n'), /python3|pnpm/);
});

function compilerIsThere(): boolean {
  const missing = ['/usr/include/node/node.h', '/usr/bin/g++', '/usr/bin/make'].filter((file) => !existsSync(file));
  if (missing.length > 0) console.log(`skipped: there is no ${missing.join(', no ')}`);
  return missing.length === 0;
}

const registry = nixAnswers() && compilerIsThere() ? npmRegistry() : null;
if (registry !== null) {
  native.before((context) => { context.npmrc = `registry=${registry}\n`; });
  native.run();
}
