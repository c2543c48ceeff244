// limit: 60
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writableTree } from '../../src/nix/writable-tree.ts';
import { until } from './world.ts';

/** Releases of a program and the home that they are brought to, with the very shell text that a release has. */
class Place {
  readonly dir = mkdtempSync(join(tmpdir(), 'hop3-tree-'));
  readonly home = join(this.dir, 'home');
  #releases = 0;
  readonly #ends: (() => void)[] = [];

  constructor() {
    mkdirSync(this.home);
  }

  /** Starts a release whose tree holds these files; a name that ends in `*` is a program, a value `-> x` a link. */
  start(files: Record<string, string>, links: 'keep' | 'follow' = 'keep'): string {
    const release = join(this.dir, `release-${++this.#releases}`);
    const tree = join(release, 'tree');
    for (const [name, text] of Object.entries(files)) {
      const file = join(tree, name.replace(/\*$/, ''));
      mkdirSync(dirname(file), { recursive: true });
      if (name.endsWith('/')) mkdirSync(file, { recursive: true });
      else if (text.startsWith('-> ')) symlinkSync(text.slice(3), file);
      else writeFileSync(file, text, { mode: name.endsWith('*') ? 0o555 : 0o444 });
    }
    // As the store has it.
    for (const directory of spawnSync('find', [tree, '-type', 'd'], { encoding: 'utf8' }).stdout.trim().split('\n')) chmodSync(directory, 0o555);
    return writableTree([tree], `"${this.home}"`, links).join('');
  }

  /** Brings a release; gives what it said. */
  bring(script: string): string {
    const ran = this.sh(`set -e\n${script}`);
    assert.is(ran.code, 0, ran.output);
    return ran.output;
  }

  read(name: string): string {
    return readFileSync(join(this.home, name), 'utf8');
  }

  /** What the application does. */
  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.home, name)), { recursive: true });
    writeFileSync(join(this.home, name), text);
  }

  /** Starts a worker that goes on; gives what ends all of its processes at once. */
  run(script: string): () => void {
    const child = spawn('bash', ['--norc', '-c', `set -e\n${script}`], { cwd: this.dir, env: { PATH: '/usr/bin:/bin' }, stdio: 'ignore', detached: true });
    const end = () => { try { process.kill(-child.pid!, 'SIGKILL'); } catch { /* it has ended */ } };
    this.#ends.push(end);
    return end;
  }

  /** All files but the bookkeeping. */
  files(): string[] {
    return spawnSync('find', ['.', '-path', './.hop3-tree', '-prune', '-o', '!', '-type', 'd', '-print'], { cwd: this.home, encoding: 'utf8' }).stdout
      .trim().split('\n').filter(Boolean).map((name) => name.slice(2)).sort();
  }

  end(): void {
    for (const end of this.#ends) end();
    spawnSync('chmod', ['-R', 'u+w', this.dir]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  sh(text: string): { code: number | null; output: string } {
    // --norc: with a socket for standard input, bash -c reads a user's start-up file.
    const ran = spawnSync('bash', ['--norc', '-c', text], { encoding: 'utf8', cwd: this.dir, env: { PATH: '/usr/bin:/bin' } });
    return { code: ran.status, output: ran.stdout + ran.stderr };
  }
}

const tree = suite<{ place: Place }>('nix: a writable copy of a tree');
tree.before.each((context) => { context.place = new Place(); });
tree.after.each(({ place }) => place.end());

tree('the first release is copied whole, and can be written to', ({ place }) => {
  assert.is(place.bring(place.start({ 'index.php': 'one', 'lib/a b.php': 'space', 'bin/tool*': '#!/bin/sh', 'vendor/bin/tool': '-> ../../bin/tool', 'storage/logs/': '' })), '');
  assert.equal(place.files(), ['bin/tool', 'index.php', 'lib/a b.php', 'vendor/bin/tool']);
  assert.is(readlinkSync(join(place.home, 'vendor/bin/tool')), '../../bin/tool');
  assert.ok(existsSync(join(place.home, 'storage/logs')));
  assert.is(statSync(join(place.home, 'bin/tool')).mode & 0o700, 0o700);
  assert.is(statSync(join(place.home, 'index.php')).mode & 0o700, 0o600);
  place.write('storage/logs/app.log', 'written');
  place.write('index.php', 'changed by the app');
});

tree('a release brings its new files, drops the old, and leaves what the app wrote', ({ place }) => {
  place.bring(place.start({ 'index.php': 'one', 'lib/old.php': 'old', 'plugins/gone/plugin.php': 'x', 'data/.htaccess': 'deny' }));
  place.write('data/app.sqlite', 'rows');
  place.write('config.php', 'installed');
  assert.is(place.bring(place.start({ 'index.php': 'two', 'lib/new.php': 'new', 'data/.htaccess': 'deny' })), '');
  assert.equal(place.files(), ['config.php', 'data/.htaccess', 'data/app.sqlite', 'index.php', 'lib/new.php']);
  assert.is(place.read('index.php'), 'two');
  assert.is(place.read('data/app.sqlite'), 'rows');
  assert.not.ok(existsSync(join(place.home, 'plugins')), 'an empty directory would be taken for a plugin');
});

tree('a file of the tree that the app changed or removed stays so while releases do not change it', ({ place }) => {
  place.bring(place.start({ 'index.php': 'one', 'data/app.sqlite': 'empty', 'install/index.php': 'installer' }));
  place.write('data/app.sqlite', 'rows');
  rmSync(join(place.home, 'install'), { recursive: true });
  assert.is(place.bring(place.start({ 'index.php': 'two', 'data/app.sqlite': 'empty', 'install/index.php': 'installer' })), '');
  assert.is(place.read('data/app.sqlite'), 'rows');
  assert.not.ok(existsSync(join(place.home, 'install/index.php')));
});

tree('a release that brings another version of a file which the app changed keeps the app\'s aside, and says where', ({ place }) => {
  place.bring(place.start({ 'settings.php': 'defaults', 'gone.php': 'x' }));
  place.write('settings.php', 'edited');
  place.write('gone.php', 'edited');
  place.write('late.php', 'by the app');
  const said = place.bring(place.start({ 'settings.php': 'new defaults', 'late.php': 'by the release' }));
  const kept = /what was here is now (\.hop3-kept\/\S+?)\/\S+\n/.exec(said)?.[1] ?? '';
  assert.match(said, 'hop3: ./settings.php had been changed here, and this release brings its own;');
  assert.is(place.read('settings.php'), 'new defaults');
  assert.is(place.read(`${kept}/settings.php`), 'edited');
  assert.is(place.read('late.php'), 'by the release');
  assert.is(place.read(`${kept}/late.php`), 'by the app');
  assert.is(place.read('gone.php'), 'edited', 'no release has this file now, and the app wrote it');
});

tree('a release that is there already costs one comparison; going back to the one before is a release, too', ({ place }) => {
  const one = place.start({ 'index.php': 'one', 'a/b.php': 'x' });
  const two = place.start({ 'index.php': 'two' });
  place.bring(one);
  const before = statSync(join(place.home, '.hop3-tree')).mtimeMs;
  rmSync(join(place.home, 'index.php'));
  assert.is(place.bring(one), '');
  assert.is(statSync(join(place.home, '.hop3-tree')).mtimeMs, before);
  assert.not.ok(existsSync(join(place.home, 'index.php')), 'nothing was looked at');
  place.bring(two);
  place.bring(one);
  assert.is(place.read('index.php'), 'one');
  assert.is(place.read('a/b.php'), 'x');
});

tree('links and the executable bit follow the release; a directory makes way for a file', ({ place }) => {
  place.bring(place.start({ 'bin/run': 'same', 'current': '-> v1', 'old-link': '-> v1', 'thing/part.php': 'x', 'v1/': '' }));
  assert.is(statSync(join(place.home, 'bin/run')).mode & 0o100, 0);
  place.bring(place.start({ 'bin/run*': 'same', 'current': '-> v2', 'thing': 'a file now', 'v2/': '' }));
  assert.is(statSync(join(place.home, 'bin/run')).mode & 0o100, 0o100);
  assert.is(readlinkSync(join(place.home, 'current')), 'v2');
  assert.not.ok(readdirSync(place.home).includes('old-link'));
  assert.is(place.read('thing'), 'a file now');
});

tree('links of a package are followed where the app is to write what they lead to', ({ place }) => {
  writeFileSync(join(place.dir, 'elsewhere'), 'content');
  place.bring(place.start({ 'conf/app.conf': `-> ${join(place.dir, 'elsewhere')}` }, 'follow'));
  place.write('conf/app.conf', 'changed');
  assert.is(readFileSync(join(place.dir, 'elsewhere'), 'utf8'), 'content');
});

tree('a start that was cut off is made good by the next', ({ place }) => {
  place.bring(place.start({ 'index.php': 'one', 'lib.php': 'one' }));
  const two = place.start({ 'index.php': 'two', 'lib.php': 'two', 'new.php': 'two' });
  // As if it had ended after its first file.
  place.write('index.php', 'two');
  mkdirSync(join(place.home, '.hop3-tree/work'));
  assert.is(place.bring(two), '');
  assert.equal([place.read('index.php'), place.read('lib.php'), place.read('new.php')], ['two', 'two', 'two']);
});

tree('a release that was cut off halfway is undone by the one that still runs, which brings its own files back', async ({ place }) => {
  const one = place.start({ 'index.php': 'one', 'lib.php': 'one', 'dropped.php': 'one' });
  const two = place.start({ 'index.php': 'two', 'lib.php': 'two', 'new.php': 'two' });
  const old = place.run(`${one}\nsleep 60`);
  await until('the first release', () => place.files().length === 3);
  place.write('data.txt', 'written by the app');
  // Its first file, and then it ends.
  const cut = two.replace('cp -lPf --parents -t', `sh -c 'cp -lPf --parents -t "$1" -- "$3"; exit 1' x`);
  assert.is.not(place.sh(`set -e\n${cut}`).code, 0);
  await until('the first release\'s files', () => ['index.php', 'lib.php', 'dropped.php'].every((name) => existsSync(join(place.home, name)) && place.read(name) === 'one'));
  assert.equal(place.files(), ['data.txt', 'dropped.php', 'index.php', 'lib.php']);

  // One that starts well and is ended later, as after a health check that failed.
  const failing = place.run(`${two}\nsleep 60`);
  await until('the second release', () => existsSync(join(place.home, 'new.php')));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.is(place.read('index.php'), 'two', 'while it runs its files stay');
  failing();
  await until('the first release again', () => place.read('index.php') === 'one');
  assert.equal(place.files(), ['data.txt', 'dropped.php', 'index.php', 'lib.php']);
  old();
});

tree('two workers that start at once bring it once', ({ place }) => {
  const one = place.start(Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`file-${n}.php`, `${n}`])));
  assert.is(place.bring(`(${one}) & (${one}) & wait`), '');
  assert.is(place.files().length, 300);
});

tree.run();
