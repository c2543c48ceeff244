import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FixedOutput } from '../../src/nix/model.ts';
import { nixFailure } from '../../src/nix/nix-failure.ts';

const hashes = suite('nix: something fetched has another hash');

const settings = { root: '/srv/hop3', buildTimeout: 3600, buildSilence: 1200, evalTimeout: 120, allowUnsandboxedBuilds: false };
const GOT = 'sha256-Vg3DCjOiG7IVEQd0A6ohkGCcKDhUkbbUHRJ8AQN5Lvs=';
const FAKE = `sha256-${'A'.repeat(43)}=`;

const mismatch = (name: string) => `error: hash mismatch in fixed-output derivation '/nix/store/${'0'.repeat(32)}-${name}.drv':
         specified: ${FAKE}
            got:    ${GOT}
error: 1 dependencies of derivation '/nix/store/${'1'.repeat(32)}-shop-venv.drv' failed to build`;

function building(text: string, fixed?: readonly FixedOutput[]) {
  return nixFailure({ finished: { code: 102, signal: null }, lines: text.split('\n'), building: true, location: null, packageSet: 'x', settings, hashes: fixed });
}

const fixed: readonly FixedOutput[] = [
  { derivation: 'shop-1.0.tar.gz', key: 'sha256', given: true },
  { derivation: 'shop', key: 'composer-deps-hash', given: true },
  { derivation: 'shop-wheels', key: 'pip-deps-hash', given: false },
];

hashes('missing: the line to paste, made of what nix got', () => {
  const error = building(mismatch('shop-wheels'), fixed);
  assert.is(error.code, 'HOP3_BUILD_HASH_MISSING');
  assert.is(error.what, '[nix] pip-deps-hash is missing. shop-wheels was fetched to find out what it is.');
  assert.is(error.next, `Add under [nix], commit, and push again:\n  pip-deps-hash = "${GOT}"`);
  assert.match(error.why ?? '', `            got:    ${GOT}`);
});

hashes('given and wrong: what was said, what came, and the line for it', () => {
  const error = building(mismatch('shop-1.0.tar.gz'), fixed);
  assert.is(error.code, 'HOP3_BUILD_HASH');
  assert.is(error.what, 'shop-1.0.tar.gz is not what hop3.toml says: [nix] sha256 is the hash of something else.');
  assert.match(error.why ?? '', `specified: ${FAKE}`);
  assert.match(error.next ?? '', `  sha256 = "${GOT}"`);
});

hashes('a name with a version behind it belongs to the longest name that it begins with', () => {
  assert.match(building(mismatch('shop-wheels-py3.11-1a2b3c4d'), fixed).what, 'pip-deps-hash');
  assert.match(building(mismatch('shop-vendor'), fixed).what, 'composer-deps-hash');
  assert.match(building(mismatch('shopping'), fixed).what, 'shopping has another hash than the expression says.');
});

hashes('of a hop3.nix by hand: the expression is to be changed', () => {
  const error = building(mismatch('shop-1.0.tar.gz'));
  assert.is(error.code, 'HOP3_BUILD_HASH');
  assert.is(error.what, `shop-1.0.tar.gz has another hash than the expression says. It is now ${GOT}.`);
});

hashes("the app's own nixpkgs", () => {
  const text = (url: string) => `error: hash mismatch in file downloaded from '${url}':
         specified: sha256:0v6bd1xk8a2aal83karlvc853x44dg1n4nk08jg3dajqyy0s98np
         got:       sha256:19l25hgk2xcnmccxvfz2qb4y04bqpxlldngcpm6wj2wxip8ygn05`;
  const pin = building(text('https://github.com/NixOS/nixpkgs/archive/x.tar.gz'), []);
  assert.is(pin.code, 'HOP3_BUILD_HASH');
  assert.match(pin.next ?? '', '  nixpkgs-sha256 = "sha256:19l25hgk2xcnmccxvfz2qb4y04bqpxlldngcpm6wj2wxip8ygn05"');
  assert.match(building(text('https://example.org/x.tar.gz')).what, 'https://example.org/x.tar.gz has another hash than the expression says.');
});

hashes.run();
