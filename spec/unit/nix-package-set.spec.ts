import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLog } from '../../src/log.ts';
import { resolvePackageSet } from '../../src/nix/package-set.ts';
import { builtInPin } from '../../src/nix/pins.ts';
import { caught } from '../caught.ts';

const sets = suite<{ root: string }>('nix: package sets');
sets.before.each((context) => { context.root = mkdtempSync(join(tmpdir(), 'hop3-set-')); });
sets.after.each(({ root }) => rmSync(root, { recursive: true }));

sets('the pin follows the Nix that is installed', () => {
  const branch = (line: string) => builtInPin(line).branch;
  assert.is(branch('nix-build (Nix) 2.8.0'), 'nixos-25.05');
  assert.is(branch('nix-build (Nix) 2.17.1'), 'nixos-25.05');
  assert.is(branch('nix-build (Nix) 2.18.0'), 'nixos-26.05');
  assert.is(branch('nix-build (Lix, like Nix) 2.91.1'), 'nixos-26.05');
  assert.is(branch('nix-build (Nix) 3.0'), 'nixos-26.05');
  assert.is(branch('?'), 'nixos-25.05');
});

sets('a path is named by what it says of itself', async ({ root }) => {
  const path = join(root, 'nixpkgs');
  mkdirSync(path);
  writeFileSync(join(path, 'default.nix'), '{ }');
  writeFileSync(join(path, '.version'), '26.05\n');
  writeFileSync(join(path, '.git-revision'), `${'a'.repeat(40)}\n`);
  const set = await resolvePackageSet({ root, nixpkgs: { kind: 'path', path } }, silentLog);
  assert.equal(set, { kind: 'path', path, id: `path:${path}:26.05:${'a'.repeat(40)}`, title: `${path} (26.05 aaaaaaaaaaaa)` });
});

sets('a path that is no nixpkgs is refused, and nothing takes its place', async ({ root }) => {
  const error = await caught(resolvePackageSet({ root, nixpkgs: { kind: 'path', path: join(root, 'gone') } }, silentLog));
  assert.is(error.code, 'HOP3_NIXPKGS_PATH');
  assert.match(error.what, `${join(root, 'gone')}/default.nix cannot be read (ENOENT)`);
});

sets('the host set has the same id twice, and says that it is not reproducible', async ({ root }) => {
  const [one, two] = await Promise.all([1, 2].map(() => resolvePackageSet({ root, nixpkgs: { kind: 'host' } }, silentLog)));
  assert.equal(one, two);
  assert.match(one!.id, /^host:[0-9a-f]{32}$/);
  assert.match(one!.title, /^host: .*not reproducible$/);
});

sets.run();
