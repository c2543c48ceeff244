// limit: 400
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { npmIntegrity, npmRegistry } from './npm-registry.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { World } from './world.ts';

await asOrdinaryUser(import.meta.url);

interface Context { world: World; npmrc: string }
const test = suite<Context>('node-pnpm-install: a push of a pnpm lock file');
test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

const HASH_LINE = /node-deps-hash = "sha256-[A-Za-z0-9+/]{43}="/;

test('the example: the first push says the hash, the second installs offline and answers', async ({ world, npmrc }) => {
  const repo = await world.repo('pages', 'test-apps-nix/node-pnpm');
  await repo.commit('registry', { '.npmrc': npmrc });
  const refused = await repo.push();
  assert.is(refused.code, 1, refused.output);
  assert.match(refused.output, 'Template mode: node-pnpm-install (tier 2');
  assert.match(refused.output, '[nix] node-deps-hash is missing.');
  const line = HASH_LINE.exec(refused.output)?.[0];
  assert.ok(line, refused.output);

  await repo.edit('hop3.toml', (text) => text.replace(/^# node-deps-hash.*$/m, line));
  await repo.commit('the hash');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  const page = await world.get('pages', '/?name=%3Cb%3E', { headers: { 'accept-language': 'de-CH, en;q=0.5' } });
  assert.is(page.body, '<p lang="de">Guten Tag, &lt;b&gt;</p>\n');

  // Only the app itself is new.
  await repo.edit('server.mjs', (text) => text.replace("'Guten Tag'", "'Moin'"));
  await repo.commit('another greeting');
  const again = await repo.push();
  assert.is(again.code, 0, again.output);
  assert.not.match(again.output, /building '\S+-pnpm-deps\.drv'/);
  assert.match((await world.get('pages', '/', { headers: { 'accept-language': 'de' } })).body, 'Moin, world');

  // Another lock file under the old hash: what it names is fetched and compared, never taken from before.
  await repo.edit('package.json', (text) => text.replace(/,\s*"escape-html": "[^"]*"/, ''));
  await repo.edit('pnpm-lock.yaml', (text) => text
    .replace(/      escape-html:\n.*\n.*\n/, '').replace(/  escape-html@1\.0\.3:\n.*\n\n/, '').replace('  escape-html@1.0.3: {}\n\n', ''));
  await repo.commit('one package less');
  const other = await repo.push();
  assert.is(other.code, 1, other.output);
  assert.match(other.output, '[nix] node-deps-hash is the hash of something else');
  assert.is.not(HASH_LINE.exec(other.output)![0], line);
  assert.match((await world.get('pages', '/', { headers: { 'accept-language': 'de' } })).body, 'Moin, world');
});

test('a package of the registry is the app: of the tree only manifest and lock file are taken', async ({ world, npmrc }) => {
  const integrity = npmIntegrity('servor', '4.0.2');
  const toml = [
    '[metadata]', 'version = "4.0.2"', '[nix]', 'template = "node-pnpm-install"', 'npm-package = "servor"', 'exec-target = "servor"',
    'node-manifest = "deploy/package.json"', 'node-lockfile = "deploy/pnpm-lock.yaml"',
    'pre-exec = ["mkdir -p site && touch site/index.html && echo the app has: $(ls $APPDIR)"]', `exec-args = ["site", "index.html", '"$PORT"']`, '',
  ].join('\n');
  const repo = await world.repo('servor', {
    'hop3.toml': toml, 'unused.txt': 'not part of it', 'deploy/.npmrc': npmrc,
    'deploy/package.json': '{ "name": "deploy", "private": true, "dependencies": { "servor": "4.0.2" } }\n',
    'deploy/pnpm-lock.yaml': [
      "lockfileVersion: '9.0'", '', 'settings:', '  autoInstallPeers: true', '  excludeLinksFromLockfile: false', '', 'importers:', '', '  .:',
      '    dependencies:', '      servor:', '        specifier: 4.0.2', '        version: 4.0.2', '', 'packages:', '', '  servor@4.0.2:',
      `    resolution: {integrity: ${integrity}}`, '    hasBin: true', '', 'snapshots:', '', '  servor@4.0.2: {}', '',
    ].join('\n'),
  });
  const refused = await repo.push();
  const line = HASH_LINE.exec(refused.output)?.[0];
  assert.ok(line, refused.output);
  await repo.commit('the hash', { 'hop3.toml': `${toml}${line}\n` });
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('servor')).status, 200);
  assert.match((await world.hop3('logs', '--app', 'servor')).output, 'the app has: node_modules package.json pnpm-lock.yaml\n');

  await repo.commit('a command that it does not have', { 'hop3.toml': `${toml.replace('exec-target = "servor"', 'exec-target = "serve"')}${line}\n` });
  const wrong = await repo.push();
  assert.is(wrong.code, 1);
  assert.match(wrong.output, 'error: [nix] exec-target: no package has the command serve. There is: servor');
});

test('a tree without a lock file is told how to make one', async ({ world }) => {
  const repo = await world.repo('nolock', {
    'hop3.toml': '[nix]\ntemplate = "node-pnpm-install"\nexec-target = "server.mjs"\n', 'package.json': '{}', 'server.mjs': '',
  });
  const refused = await repo.push();
  assert.is(refused.code, 1);
  assert.match(refused.output, 'The pushed tree has no pnpm-lock.yaml. Run pnpm install --lockfile-only');
});

const registry = nixAnswers() ? npmRegistry() : null;
if (registry !== null) {
  test.before((context) => { context.npmrc = `registry=${registry}\n`; });
  test.run();
}
