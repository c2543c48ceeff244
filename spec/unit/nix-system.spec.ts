import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixSystem } from '../../src/nix/system.ts';
import type { Plan } from '../../src/pipeline/model.ts';
import { refuseSystem } from '../../src/pipeline/plan.ts';
import { caught } from '../caught.ts';

const test = suite('the system that apps are built for');

test("Node's words for it as Nix says them", () => {
  assert.is(nixSystem('x64', 'linux'), 'x86_64-linux');
  assert.is(nixSystem('arm64', 'linux'), 'aarch64-linux');
  assert.is(nixSystem('mips', 'linux'), 'mips-linux');
});

const plan = (systems: readonly string[] | null): Plan =>
  ({ kind: 'template', template: 'prebuilt-binary', tier: 3, expression: '', hashes: [], notices: [], systems });

test('what upstream built for another system is refused before anything is built', async () => {
  const error = await caught(() => { refuseSystem(plan(['x86_64-linux']), 'aarch64-linux'); });
  assert.is(error.code, 'HOP3_TEMPLATE_SYSTEM');
  assert.is(error.what, 'The template prebuilt-binary installs a program that upstream built for x86_64-linux, and this server is aarch64-linux.');
  assert.match(error.next ?? '', 'Build it from source with another template');
});

test('the right system, and what is built from source, pass', () => {
  refuseSystem(plan(['x86_64-linux']), 'x86_64-linux');
  refuseSystem(plan(null), 'aarch64-linux');
  refuseSystem({ kind: 'hand-crafted', expressionFile: 'hop3.nix', notices: [] }, 'aarch64-linux');
});

test.run();
