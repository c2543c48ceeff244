import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import type { Point } from '../../src/pipeline/points.ts';
import { rootProcesses } from '../../src/runtime/supervisor-processes.ts';
import { agreeOnOneVersion, nothingLeft, rows, settled } from './crash-checks.ts';
import { Visitor, type CrashWorld, type Victim, type Work } from './crash-world.ts';
import { CHECKOUT, exec, until, type Repo } from './world.ts';

/** What crashes in the life of an app beside its deploys: creation, destruction, another branch, addons, the repair itself. */

/** Holds what `begin` starts at the point, kills, and waits until all is up again. */
export async function cutOff(crash: CrashWorld, app: string, point: Point, victim: Victim, begin: () => Work): Promise<void> {
  crash.hold(point);
  const work = begin();
  let killed: readonly number[];
  try {
    await Promise.race([crash.reached(point, work.output), work.ended.then((ran) => { throw new Error(`it ended before "${point}": ${ran.output}`); })]);
    killed = await crash.kill(victim, app);
  } finally {
    crash.release(point);
  }
  await work.ended;
  await crash.comeBack(victim, killed);
}

const push = (crash: CrashWorld, repo: Repo) => () => crash.begin('git', ['push', 'hop3', 'main'], repo.dir);
const hop3 = (crash: CrashWorld, repo: Repo, ...args: string[]) => () => crash.begin(join(CHECKOUT, 'bin/hop3'), [...args, '--app', repo.app], repo.dir);

async function pushWorks(crash: CrashWorld, repo: Repo, branch = 'main'): Promise<void> {
  const pushed = await repo.push('hop3', `HEAD:${branch}`);
  assert.is(pushed.code, 0, pushed.output);
  await settled(crash, repo.app);
  await agreeOnOneVersion(crash, repo, { branch });
  nothingLeft(crash, repo);
}

/** The first push is cut off while the app is being made; the next one finds no half app in its way. */
export async function firstPush(crash: CrashWorld, name: string, point: Point, victim: Victim): Promise<void> {
  const repo = await crash.app(name);
  await cutOff(crash, name, point, victim, push(crash, repo));
  await pushWorks(crash, repo);
}

/** A destruction that was begun is finished by the next start; then the name is free. */
export async function destruction(crash: CrashWorld, name: string, point: Point, victim: Victim): Promise<void> {
  const repo = await crash.app(name);
  await pushWorks(crash, repo);
  await cutOff(crash, name, point, victim, hop3(crash, repo, 'app', 'destroy', `--confirm=${name}`));
  await until(`${name} to be gone`, () => rows(crash, 'SELECT name FROM apps WHERE name = ?', name).length === 0, 30);
  const { paths } = crash;
  for (const dir of [paths.app(name as AppName), paths.repo(name as AppName), join(paths.addons, `redis-${name}-redis`)]) {
    await until(`${dir} to be gone`, () => !existsSync(dir), 10);
  }
  assert.equal(readdirSync(paths.services).filter((service) => service.includes(name)), []);
  assert.equal(rootProcesses(paths).filter((one) => one.command.includes(`/${name}`)).map((one) => one.command), []);
  for (const table of ['ports', 'fixed_ports', 'domains', 'releases', 'builds', 'attachments']) assert.equal(rows(crash, `SELECT app FROM ${table} WHERE app = ?`, name), [], table);
  assert.equal(rows(crash, 'SELECT name FROM addons WHERE name = ?', `${name}-redis`), []);
  await until('nginx to know it no more', async () => (await crash.world.get(name)).status === 404, 10);
  await pushWorks(crash, repo);
}

/** Whichever of the two branches is the deployed one: it names what serves, HEAD names it, and the other is not there. */
export async function otherBranch(crash: CrashWorld, repo: Repo, point: Point, victim: Victim): Promise<void> {
  const before = String(rows(crash, 'SELECT branch FROM apps WHERE name = ?', repo.app)[0]!['branch']);
  const asked = before === 'main' ? 'next' : 'main';
  await cutOff(crash, repo.app, point, victim, hop3(crash, repo, 'app', 'set-branch', asked));
  const now = String(rows(crash, 'SELECT branch FROM apps WHERE name = ?', repo.app)[0]!['branch']);
  assert.is(now, point === 'branch copied' ? before : asked);
  assert.is(readFileSync(join(crash.paths.repo(repo.app as AppName), 'HEAD'), 'utf8'), `ref: refs/heads/${now}\n`);
  const branches = await exec('git', ['--git-dir', crash.paths.repo(repo.app as AppName), 'for-each-ref', '--format=%(refname:short)', 'refs/heads'], { env: crash.world.env });
  assert.equal(branches.stdout.trim().split('\n'), [now]);
  await agreeOnOneVersion(crash, repo, { branch: now });
  await crash.change(repo);
  await pushWorks(crash, repo, now);
  if (now !== 'main') assert.is((await crash.world.hop3('app', 'set-branch', 'main', '--app', repo.app)).code, 0);
}

/** A deploy that asks for ports, names and more processes is cut off: the live release asks for none of them, and has none. */
export async function askedForMore(crash: CrashWorld, repo: Repo, point: Point, victim: Victim): Promise<void> {
  const before = await agreeOnOneVersion(crash, repo);
  const plain = readFileSync(join(repo.dir, 'hop3.toml'), 'utf8');
  const number = 12_000 + (process.pid % 900);
  await crash.change(repo, { 'hop3.toml': `${plain}\n[domains]\nlist = ["${repo.app}.example.org"]\n\n[[ports]]\nnumber = ${number}\n` });
  await cutOff(crash, repo.app, point, victim, push(crash, repo));
  await settled(crash, repo.app);
  assert.equal(await agreeOnOneVersion(crash, repo), before);
  nothingLeft(crash, repo);
  await crash.change(repo, { 'hop3.toml': plain });
  await pushWorks(crash, repo);
  const live = await agreeOnOneVersion(crash, repo);
  await cutOff(crash, repo.app, point, victim, hop3(crash, repo, 'ps', 'scale', 'web=2'));
  await settled(crash, repo.app);
  assert.equal(await agreeOnOneVersion(crash, repo), live);
  nothingLeft(crash, repo);
}

/** An addon's creation is cut off; the same command makes it, and what it says opens it. */
export async function addonCreation(crash: CrashWorld, repo: Repo, name: string, point: Point, victim: Victim): Promise<void> {
  await cutOff(crash, repo.app, point, victim, hop3(crash, repo, 'addon', 'create', 'redis', '--name', name));
  const addon = `${repo.app}-${name}`;
  if (rows(crash, 'SELECT addon FROM attachments WHERE addon = ?', addon).length === 0) {
    const again = await crash.world.hop3('addon', 'create', 'redis', '--name', name, '--app', repo.app);
    assert.is(again.code, 0, again.output);
  }
  const asked = await crash.world.hop3('addon', 'redis', 'query', addon, 'PING', '--app', repo.app);
  assert.match(asked.output, 'PONG');
  await settled(crash, repo.app);
  await pushWorks(crash, repo);
  const detached = await crash.world.hop3('addon', 'detach', addon, '--app', repo.app);
  assert.is(detached.code, 0, detached.output);
  await settled(crash, repo.app);
  const destroyed = await crash.world.hop3('addon', 'destroy', addon, `--confirm=${addon}`, '--app', repo.app);
  assert.is(destroyed.code, 0, destroyed.output);
  await settled(crash, repo.app);
}

/** The server dies after the rename, and its successor dies while it puts that right. */
export async function repairCutOff(crash: CrashWorld, repo: Repo, point: Point): Promise<void> {
  const commit = await crash.change(repo);
  const texts = [await repo.git('show', 'HEAD:text'), await repo.git('show', 'HEAD~1:text')];
  const visitor = new Visitor(crash.world, repo.app, () => texts);
  crash.hold('renamed');
  const work = push(crash, repo)();
  try {
    await crash.reached('renamed', work.output);
    crash.hold(point);
    await crash.kill('server', repo.app);
    crash.release('renamed');
    await crash.reached(point);
    const second = await crash.kill('server', repo.app);
    crash.release(point);
    await work.ended;
    await crash.comeBack('server', second);
  } finally {
    crash.release('renamed');
    crash.release(point);
  }
  await settled(crash, repo.app);
  await visitor.leave();
  assert.equal(visitor.wrong, []);
  assert.is((await agreeOnOneVersion(crash, repo)).commit, commit);
  nothingLeft(crash, repo);
  await crash.change(repo);
  await pushWorks(crash, repo);
}

/** nix-build, or the server above it, is killed while a builder runs: no builder is left, and the live release stays. */
export async function buildCutOff(crash: CrashWorld, repo: Repo, victim: 'server' | 'nix-build'): Promise<void> {
  const before = await agreeOnOneVersion(crash, repo);
  const expression = readFileSync(join(repo.dir, 'hop3.nix'), 'utf8');
  const mark = `7${process.pid % 10_000}.${Date.now() % 1000}`;
  await crash.change(repo, { 'hop3.nix': `{ pkgs ? import <nixpkgs> {} }: { package = pkgs.runCommand "held" {} "echo the build is held; sleep ${mark}; exit 1"; }` });
  const work = push(crash, repo)();
  await until('the builder', async () => (await holders(mark)) > 0, 60);
  const pids = victim === 'server' ? [await crash.world.serverPid()] : rootProcesses(crash.paths).filter((one) => /nix-build/.test(one.command)).map((one) => one.pid);
  assert.ok(pids.length > 0, 'no nix-build runs');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  const ran = await work.ended;
  assert.is.not(ran.code, 0);
  await crash.comeBack(victim === 'server' ? 'server' : 'hook', pids);
  await until('the builder to be gone', async () => (await holders(mark)) === 0, 10);
  await until('nix-build to be gone', () => rootProcesses(crash.paths).every((one) => !/nix-build/.test(one.command)), 10);
  await settled(crash, repo.app);
  assert.equal(await agreeOnOneVersion(crash, repo), before, ran.output);
  nothingLeft(crash, repo);
  await crash.change(repo, { 'hop3.nix': expression });
  await pushWorks(crash, repo);
}

async function holders(mark: string): Promise<number> {
  const found = await exec('pgrep', ['-f', `^sleep ${mark}`]);
  return found.stdout.split('\n').filter((line) => line !== '').length;
}
