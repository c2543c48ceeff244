// limit: 400
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ReleaseServer } from './release-server.ts';
import { told } from './tiny-apps.ts';
import { EXAMPLES, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; releases: ReleaseServer; dir: string }>('templates for what upstream has built');

test.before(async (context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'hop3-releases-'));
  context.releases = await ReleaseServer.start(context.dir);
  for (const app of ['prebuilt-binary', 'prebuilt-archive', 'node-prebuilt']) {
    const published = spawnSync('sh', [join(EXAMPLES, 'test-apps-nix', app, 'release/publish.sh'), context.dir], { encoding: 'utf8' });
    assert.is(published.status, 0, published.stderr);
  }
  context.world = await World.start();
});
test.after(async ({ world, releases, dir }) => {
  await world?.stop();
  releases?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** An example as this machine's release server has it: its address, and a version's file of the release. */
async function example(context: { world: World; releases: ReleaseServer }, app: string, name: string, file: string, sha256: string | null): Promise<Repo> {
  const repo = await context.world.repo(app, `test-apps-nix/${name}`);
  await repo.edit('hop3.toml', (text) => text
    // Nothing is taken from an earlier run, or there would be no log to look at.
    .replace('id = "hello"', `id = "hello-${Date.now()}"`)
    .replace(/^url = .*$/m, `url = "${context.releases.url}/${file}"`)
    .replace(/^# sha256 = .*$/m, sha256 === null ? '' : `sha256 = "${sha256}"`));
  await repo.commit('from this machine');
  return repo;
}

/** The store path of an app's newest build. */
function builtPath(world: World, app: string): string {
  const roots = join(world.root, 'apps', app, 'roots');
  return realpathSync(join(roots, readdirSync(roots).sort().at(-1)!));
}

test('a single program: the first push says the hash, pasting it is enough', async (context) => {
  const { world, releases } = context;
  const repo = await example(context, 'hello', 'prebuilt-binary', 'hello-${version}-linux-amd64', null);
  const refused = await repo.push();
  assert.is(refused.code, 1, refused.output);
  const line = `sha256 = "${releases.sha256('hello-1.0-linux-amd64')}"`;
  assert.match(told(refused), '[nix] sha256 is missing.');
  assert.match(told(refused), line);
  assert.match(told(refused), 'prebuilt-binary (tier 3');

  await repo.edit('hop3.toml', (text) => text.replace('binary-name', `${line}\nbinary-name`));
  await repo.commit('the hash');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('hello')).body, 'hello 1.0 (--from-hello): good day; nothing attached\n');
});

test('a wrong hash is refused with the one that nix got', async (context) => {
  const repo = await example(context, 'wrong', 'prebuilt-binary', 'hello-${version}-linux-amd64', `sha256-${'B'.repeat(42)}E=`);
  const refused = await repo.push();
  assert.is(refused.code, 1, refused.output);
  assert.match(told(refused), /got: +sha256-/);
  assert.match(told(refused), `sha256 = "${context.releases.sha256('hello-1.0-linux-amd64')}"`);
});

test('a static program is left alone', async (context) => {
  const file = 'hello-1.0-linux-amd64-static';
  const repo = await example(context, 'alone', 'prebuilt-binary', file, context.releases.sha256(file));
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await context.world.get('alone')).body, 'hello 1.0 (--from-alone): good day; nothing attached\n');
});

test('a program with its data behind it stays byte for byte as it was, and finds the data', async (context) => {
  const file = 'hello-1.0-linux-amd64-self-contained';
  const repo = await example(context, 'whole', 'prebuilt-binary', file, context.releases.sha256(file));
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), 'bin/hello carries data behind its program: left as it is');
  assert.is((await context.world.get('whole')).body, 'hello 1.0 (--from-whole): good day; attached to the program\n');
  assert.equal(readFileSync(join(builtPath(context.world, 'whole'), 'bin/hello')), readFileSync(join(context.dir, file)));
});

test('an address that is gone is told with what the server answered', async (context) => {
  const repo = await example(context, 'gone', 'prebuilt-binary', 'hello-2.0', context.releases.sha256('hello-1.0-linux-amd64'));
  const refused = await repo.push();
  assert.is(refused.code, 1, refused.output);
  assert.match(told(refused), 'The server of a download answered 404 (there is no such file).');
  assert.match(told(refused), `${context.releases.url}/hello-2.0`);
});

test('a program for another machine, an archive that was not named one, and a page in its place are refused', async (context) => {
  const { dir, releases } = context;
  const arm = readFileSync(join(dir, 'hello-1.0-linux-amd64'));
  arm.writeUInt16LE(183, 18);
  writeFileSync(join(dir, 'hello-arm'), arm);
  const forArm = await example(context, 'arm', 'prebuilt-binary', 'hello-arm', releases.sha256('hello-arm'));
  assert.match(told(await forArm.push()), 'bin/hello is a program for another kind of machine.');

  writeFileSync(join(dir, 'hello-packed'), readFileSync(join(dir, 'parlour-1.0.tar.gz')));
  const packed = await example(context, 'packed', 'prebuilt-binary', 'hello-packed', releases.sha256('hello-packed'));
  assert.match(told(await packed.push()), 'If it is an archive, say under [nix] how it is packed: archive = "tar-gz".');
});

test('a library that is nowhere fails the build, with its name and the key to add', async (context) => {
  const { dir, releases } = context;
  const build = join(dir, 'needs');
  mkdirSync(build);
  writeFileSync(join(build, 'odd.c'), 'int odd(void) { return 1; }\n');
  writeFileSync(join(build, 'main.c'), 'int odd(void);\nint main(void) { return odd(); }\n');
  const script = 'gcc -shared -fPIC -Wl,-soname,libodd.so.3 -o libodd.so.3 odd.c && gcc -o needs-odd main.c ./libodd.so.3 && cp needs-odd ../needs-odd && { cat needs-odd; echo tail; } > ../needs-odd-tail';
  assert.is(spawnSync('sh', ['-c', script], { cwd: build }).status, 0);
  for (const file of ['needs-odd', 'needs-odd-tail']) {
    const repo = await example(context, file, 'prebuilt-binary', file, releases.sha256(file));
    const refused = await repo.push();
    assert.is(refused.code, 1, refused.output);
    assert.match(told(refused), 'The release wants libodd.so.3, and no package of nix-runtime-libs has it.');
    assert.match(told(refused), 'nix-runtime-libs = ["icu"]');
  }
});

for (const kind of ['tar.gz', 'tar.xz', 'zip']) {
  test(`files of an archive (${kind}): a program with its own library, a script, pages`, async (context) => {
    const file = `site-1.0-linux-amd64.${kind}`;
    const app = `site-${kind.replace('.', '-')}`;
    const repo = await example(context, app, 'prebuilt-archive', file, context.releases.sha256(file));
    const pushed = await repo.push();
    assert.is(pushed.code, 0, pushed.output);
    assert.match((await context.world.get(app)).body, 'A page of the release.');
    assert.is((await context.world.get(app, '/motto')).body, 'from a library of the release\n');
    assert.is((await context.world.get(app, '/[id].txt')).body, 'A page whose name is also a pattern.\n');
    const [data] = readdirSync(join(context.world.root, 'apps', app)).filter((name) => name === 'data');
    assert.match(readFileSync(join(context.world.root, 'apps', app, data!, 'about.txt'), 'utf8'), /^site 1\.0, in \/nix\/store\/[0-9a-z]{32}-site-release-1\.0\/bin\n$/);
  });
}

test('a file mapping of what the archive does not have names it, and what there is', async (context) => {
  const file = 'site-1.0-linux-amd64.tar.gz';
  const repo = await example(context, 'mapping', 'prebuilt-archive', file, context.releases.sha256(file));
  await repo.edit('hop3.toml', (text) => text.replace('source = "web"', 'source = "www/html"'));
  await repo.commit('a mistake');
  const refused = await repo.push();
  assert.is(refused.code, 1, refused.output);
  assert.match(told(refused), '[[nix.file-mappings]] source: the release has no www/html. Its top has: bin lib web');
  await repo.edit('hop3.toml', (text) => text.replace('source = "www/html"', 'source = "web/*.php"'));
  await repo.commit('another');
  assert.match(told(await repo.push()), 'the release has no web/*.php. Its web has: [id].txt index.html');
});

test('source-root, strip-components and a wrong exec-target', async (context) => {
  const file = 'site-1.0-linux-amd64.tar.gz';
  const repo = await example(context, 'roots', 'prebuilt-archive', file, context.releases.sha256(file));
  const above = (text: string) => text.replace(/^source = "/gm, 'source = "site-1.0/').replace(/^exec-target/m, 'source-root = "."\nexec-target');
  await repo.edit('hop3.toml', above);
  await repo.commit('paths with the directory at the top');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match((await context.world.get('roots')).body, 'A page of the release.');

  await repo.edit('hop3.toml', (text) => text.replace('source-root = "."', 'source-root = "site-${version}/usr"'));
  await repo.commit('no such directory');
  assert.match(told(await repo.push()), '[nix] source-root: the release has no directory site-1.0/usr. It has: site-1.0');
  await repo.edit('hop3.toml', (text) => text.replace('source-root = "site-${version}/usr"', 'strip-components = 1').replaceAll('"site-1.0/', '"').replace('exec-target = "site-server"', 'exec-target = "site"'));
  await repo.commit('no such program');
  assert.match(told(await repo.push()), '[nix] exec-target: there is no bin/site. In bin there is: site-about site-server');
});

test('a Node.js app that brings its packages', async (context) => {
  const { world, releases } = context;
  const repo = await example(context, 'parlour', 'node-prebuilt', 'parlour-${version}.tar.gz', releases.sha256('parlour-1.0.tar.gz'));
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  const { body } = await world.get('parlour');
  assert.match(body, /^Hello guest from \/nix\/store\/[0-9a-z]{32}-parlour-release-1\.0\/server, in \/app\/data\n$/);
});

const missing = ['gcc', 'zip', 'unzip', 'xz'].filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
if (missing.length > 0) console.log(`skipped: not installed: ${missing.join(', ')}`);
if (missing.length === 0 && nixAnswers()) test.run();
