// limit: 300
import { cp, readFile, symlink, writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, expression, runtime, site, told } from './tiny-apps.ts';
import { CHECKOUT, EXAMPLES, exec, World, type Ran, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const MB = 1024 * 1024;
const test = suite<{ world: World; shop: Repo; good: string }>('bad input');

test.before(async (context) => {
  context.world = await World.start({ HOP3_EVAL_TIMEOUT: '3', HOP3_MAX_PUSH_BYTES: String(20 * MB) });
  context.shop = await context.world.repo('shop', site('good'));
  context.good = await context.shop.git('rev-parse', 'HEAD');
  const pushed = await context.shop.push();
  assert.is(pushed.code, 0, pushed.output);
});
test.after(async ({ world }) => { await world.stop(); });

type Files = Readonly<Record<string, string>>;
interface Context { readonly world: World; readonly shop: Repo; readonly good: string }

/** Commits these files on the good commit, lets `more` add what no text file can be, and pushes. */
async function push({ shop, good }: Context, files: Files, more?: () => Promise<void>): Promise<Ran> {
  await shop.git('checkout', '-q', '-f', '-B', 'main', good);
  await shop.git('clean', '-fdxq');
  await shop.commit('bad input', files);
  await more?.();
  return shop.push();
}

/** Exit 1, the cause first and in git's own last line, these lines of the log, and everything is as it was. */
async function rejected({ world, good }: Context, ran: Ran, code: string, what: string, ...lines: string[]): Promise<void> {
  assert.is(ran.code, 1, ran.output);
  const text = told(ran);
  const sentence = /[.!?:]$/.test(what) ? what : `${what}.`;
  const reason = what.replace(/\.$/, '');
  assert.match(text, `remote:  !     Push rejected: ${sentence}\n`);
  assert.match(text, ` ! [remote rejected] main -> main (${reason.length > 240 ? `${reason.slice(0, 240)}...` : reason} [${code}])\n`);
  for (const line of lines) assert.match(text, `remote:        ${line}\n`);
  assert.match(text, 'remote:        v1 is still live; the branch has not moved.\n');
  assert.not.match(text, 'Released');
  assert.not.match(text, /\bat .*\(.*\.[jt]s:\d+:\d+\)/, 'no stack trace');
  assert.is((await world.get('shop')).body, 'good\n');
  assert.is(await world.branch('shop'), good);
}

// App names

const RULES = [
  'An app name has 1 to 39 characters: lower-case letters, digits and single hyphens; it begins with a letter and does not end with a hyphen.',
  'It becomes a host name (<app>.<domain>), so the rules are those of one.',
];
const names: [inAddress: string, name: string, ...lines: string[]][] = [
  ['..%2Fx', '../x', '"../x" cannot be an app name.', ...RULES],
  ['%2E%2E', '..', '".." cannot be an app name.', ...RULES],
  ['A_b', 'A_b', '"A_b" cannot be an app name.', ...RULES],
  ['$(id)', '$(id)', '"$(id)" cannot be an app name.', ...RULES],
  ['a'.repeat(64), 'a'.repeat(64), `"${'a'.repeat(64)}" cannot be an app name.`, ...RULES],
  ['api', 'api', '"api" is reserved for Hop3 itself.', 'Choose another name, for example "api-app".'],
];

test('a name that no app can have: git push says the rules and ends with 128, hop3 app create with 2', async ({ world, shop }) => {
  const token = await world.token();
  for (const [inAddress, name, ...lines] of names) {
    const pushed = await shop.push(`http://hop3:${token}@127.0.0.1:${world.port}/${inAddress}.git`, 'main');
    assert.is(pushed.code, 128, pushed.output);
    const expected = [...lines, '[HOP3_APP_NAME]'];
    assert.is(told(pushed), `${expected.map((line) => `remote: ${line}\n`).join('')}fatal: unable to access 'http://127.0.0.1:${world.port}/${inAddress}.git/': The requested URL returned error: 400\n`);
    const created = await world.hop3('app', 'create', '--app', name);
    assert.is(created.code, 2, created.output);
    assert.is(created.stderr, ` !     ${lines[0]}\n${[...lines.slice(1), '[HOP3_APP_NAME]'].map((line) => `       ${line}\n`).join('')}`);
  }
  const apps = JSON.parse((await world.hop3('apps', '--json')).stdout) as { apps: { name: string }[] };
  assert.equal(apps.apps.map((app) => app.name), ['shop']);
});

test('git itself takes ../x for x; no path of it reaches the server', async ({ world, shop, good }) => {
  const pushed = await shop.push(`http://hop3:${await world.token()}@127.0.0.1:${world.port}/../x.git`, `${good}:refs/heads/main`);
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'http://x.localhost:');
  assert.is((await world.hop3('app', 'destroy', '--app', 'x', '--confirm=x')).code, 0);
});

// hop3.toml, Procfile, and which of the two modes

const AGAIN = 'Nothing was built. Correct hop3.toml, commit, and push again; docs/hop3-toml.md lists every key.';
const files: [title: string, files: Files, code: string, what: string, ...lines: string[]][] = [
  ['a TOML syntax error', { 'hop3.toml': '[metadata]\nid = "shop"\nversion = "1\n' }, 'HOP3_CONFIG', 'hop3.toml:3:11: this text has no closing " on its line.',
    '3 | version = "1', '  |           ^', 'Nothing was built. Correct hop3.toml, commit, and push again.'],
  ['a syntax error beside a secret', { 'hop3.toml': '[env]\nPASSWORD = "hunter2\n' }, 'HOP3_CONFIG', 'hop3.toml:2:12: this text has no closing " on its line.', '2 | PASSWORD = "*******'],
  ['an unknown key', { 'hop3.toml': '[run]\nstart-timeuot = 5\n' }, 'HOP3_CONFIG', 'hop3.toml:2:1: unknown key "start-timeuot" in [run]. Did you mean "start-timeout"?', AGAIN],
  ['wrong types, all at once', { 'hop3.toml': '[run]\nstart-timeout = "5"\nbefore-run = 3\n[healthcheck]\npath = 7\n' }, 'HOP3_CONFIG',
    'hop3.toml:2:17: [run] start-timeout must be a whole number of seconds from 1 to 3600, without quotes; got the text "5" (and 2 more)',
    'hop3.toml:3:14: [run] before-run must be a command in quotes, or a list of commands; got the number 3.',
    'hop3.toml:5:8: [healthcheck] path must be a path that begins with "/", without spaces; got the number 7.', AGAIN],
  ['problems of two files', { 'hop3.toml': '[run]\nstart-timeout = -1\n', Procfile: 'nonsense\n' }, 'HOP3_CONFIG',
    'hop3.toml:2:17: [run] start-timeout must be a whole number of seconds from 1 to 3600, without quotes; got the number -1 (and 1 more)',
    'Procfile:1:1: this line should be "<type>: <command>", such as "web: ./serve".',
    'Nothing was built. Correct hop3.toml and Procfile, commit, and push again; docs/hop3-toml.md lists every key.'],
  ['a Procfile that is nonsense', { Procfile: 'web\n: x\nweb: a\nweb: b\n\u0007: x\n' }, 'HOP3_CONFIG', 'Procfile:1:1: this line should be "<type>: <command>", such as "web: ./serve" (and 3 more)',
    'Procfile:2:1: "" cannot be a process type: 1 to 31 letters, digits, "_" and "-", beginning with a letter.',
    'Procfile:4:1: "web" is there twice (first on line 3).',
    'Procfile:5:1: "\\u0007" cannot be a process type: 1 to 31 letters, digits, "_" and "-", beginning with a letter.'],
  ['a hop3.toml that is too big', { 'hop3.toml': `# ${'x'.repeat(300 * 1024)}\n` }, 'HOP3_CONFIG', 'hop3.toml is larger than 256 KiB.', 'Nothing was built. Move large texts into files of their own, commit, and push again.'],
  ['a hop3.toml that is a directory', { 'hop3.toml/x': 'x\n' }, 'HOP3_CONFIG', 'hop3.toml is a directory.', 'Nothing was built. Hop3 reads hop3.toml as an ordinary file of the tree; correct it, commit, and push again.'],
  ['both modes', { 'hop3.toml': '[nix]\ntemplate = "nixpkgs-wrapper"\nnixpkgs-package = "radicale"\nexec-target = "radicale"\n' }, 'HOP3_BOTH_MODES', 'The tree has both a hop3.nix and [nix] template = "nixpkgs-wrapper" in hop3.toml.',
    'Either would describe the whole build, so Hop3 does not choose between them.', 'Delete hop3.nix to use the template, or remove the [nix] table to use hop3.nix.'],
];

for (const [title, tree, code, what, ...lines] of files) {
  test(title, async (context) => rejected(context, await push(context, tree), code, what, ...lines));
}

test('a hop3.toml that is not UTF-8, or a link', async (context) => {
  const { shop } = context;
  const add = (write: () => Promise<unknown>) => async () => {
    await write();
    await shop.commit('more');
  };
  await rejected(context, await push(context, {}, add(() => writeFile(join(shop.dir, 'hop3.toml'), Buffer.from('[run]\n\xff\xfe', 'latin1')))),
    'HOP3_CONFIG', 'hop3.toml:2:1: this line is not valid UTF-8.', 'Nothing was built. Save hop3.toml as UTF-8, commit, and push again.');
  await rejected(context, await push(context, {}, add(() => symlink('index.html', join(shop.dir, 'hop3.toml')))), 'HOP3_CONFIG', 'hop3.toml is a symbolic link.');
});

test('neither hop3.nix nor a template', async (context) => {
  const { shop } = context;
  const pushed = await push(context, { README: 'x\n' }, async () => {
    await shop.git('rm', '-q', 'hop3.nix');
    await shop.commit('no hop3.nix');
  });
  await rejected(context, pushed, 'HOP3_NO_PLAN', 'The tree does not say how to build it: no hop3.nix, and no [nix] template in a hop3.toml.', 'At the top of the tree: README, index.html.');
});

// What a hop3.nix may read while it is evaluated

const MAY_READ = 'An expression may read the pushed tree and the package set. Commit the file and name it as ./file.';

test('a hop3.nix reads nothing but its tree and the package set', async (context) => {
  const { world } = context;
  const other = await world.repo('other', site('of somebody else'));
  assert.is((await other.push()).code, 0);
  const otherBuild = (await exec('readlink', ['-f', join(world.root, 'apps/other/roots/1')])).stdout.trim();
  assert.match(otherBuild, /^\/nix\/store\/[^/]+$/);
  const reads: [nix: string, named: string, place?: string][] = [
    ['builtins.readFile "/etc/passwd"', '/etc/passwd', 'hop3.nix:3:13: '],
    ['builtins.readFile /etc/shadow', '/etc/shadow', 'hop3.nix:3:13: '],
    ['builtins.readFile "/proc/self/environ"', '/proc/self/environ', 'hop3.nix:3:13: '],
    [`builtins.readFile "${world.root}/admin.token"`, `${world.root}/admin.token`, 'hop3.nix:3:13: '],
    [`builtins.path { path = "${world.root}/hop3.db"; }`, `${world.root}/hop3.db`, 'hop3.nix:3:13: '],
    [`"\${${world.root}/admin.token}"`, `${world.root}/admin.token`],
    ['builtins.readDir "/"', '/', 'hop3.nix:3:13: '],
    ['builtins.readDir "/nix/store"', '/nix/store', 'hop3.nix:3:13: '],
    ['import ../../x', '../../x', 'hop3.nix:3:13: '],
    [`builtins.readFile "${world.root}/apps/other/roots/1/hop3/runtime.json"`, `${world.root}/apps/other/roots/1/hop3/runtime.json`, 'hop3.nix:3:13: '],
    [`builtins.readFile "${otherBuild}/hop3/runtime.json"`, `${otherBuild}/hop3/runtime.json`, 'hop3.nix:3:13: '],
    [`builtins.storePath "${otherBuild}"`, otherBuild],
    [`builtins.fetchGit "${world.root}/repos/other.git"`, `${world.root}/repos/other.git`],
    [`builtins.fetchurl "file://${world.root}/admin.token"`, `${world.root}/admin.token`],
  ];
  for (const [nix, named, place = ''] of reads) {
    await rejected(context, await push(context, expression(nix)), 'HOP3_EVAL_FORBIDDEN', `${place}the expression reads ${named} while it is evaluated, and may not.`, MAY_READ);
  }
});

test('it fetches nothing while it is evaluated, runs nothing, and finds no environment', async (context) => {
  const { world } = context;
  const address = `http://127.0.0.1:${world.port}/healthz`;
  for (const fetch of [`builtins.fetchurl "${address}"`, `builtins.fetchTarball "${address}"`, `builtins.fetchGit "${address}"`, `builtins.fetchMercurial "${address}"`]) {
    await rejected(context, await push(context, expression(fetch)), 'HOP3_EVAL_FORBIDDEN', `the expression reads ${address} while it is evaluated, and may not.`, 'Fetch it inside a derivation, with pkgs.fetchurl and a hash.');
  }
  await rejected(context, await push(context, expression('builtins.exec [ "id" ]')), 'HOP3_EVAL_MISSING', 'hop3.nix:3:13: there is no "exec" there.');
  const env = await push(context, expression('throw "env:${builtins.getEnv "HOME"}${builtins.getEnv "PATH"}${builtins.getEnv "HOP3_ROOT"}:end"'));
  await rejected(context, env, 'HOP3_EVAL_FAILED', 'hop3.nix: env::end.');
  const exists = await push(context, expression(`throw (if builtins.pathExists "${world.root}/admin.token" then "it is there" else "not a word")`));
  await rejected(context, exists, 'HOP3_EVAL_FAILED', 'hop3.nix: not a word.');
});

test('its builder stays in the sandbox, whatever it asks for', async (context) => {
  const { world } = context;
  const builder = (script: string, more: string) => expression(`derivation { name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" ''${script}'' ]; ${more} }`);
  const script = `echo "got:$HOP3_ROOT:$USER"; [ -e ${world.root} ] && echo "sees the server's files"; exit 1`;
  await rejected(context, await push(context, builder(script, '__noChroot = true;')), 'HOP3_BUILD_UNSANDBOXED', 'x asks to be built outside the sandbox (__noChroot), and this server does not do that.');
  const impure = await push(context, builder(script, `__impureHostDeps = [ "${world.root}" ];`));
  assert.is(impure.code, 1);
  assert.match(impure.stderr, /\(The build failed: derivation '\/nix\/store\/\w+-x\.drv' requested impure path '.*', but it was not in allowed-impure-host-deps \[HOP3_BUILD_FAILED\]\)/);
  for (const more of ['impureEnvVars = [ "HOP3_ROOT" "USER" ];', 'impureEnvVars = [ "HOP3_ROOT" "USER" ]; outputHashAlgo = "sha256"; outputHash = "0000000000000000000000000000000000000000000000000000";']) {
    const ran = await push(context, builder(script, more));
    await rejected(context, ran, 'HOP3_BUILD_FAILED', 'Building x failed with exit code 1.', 'got::');
    assert.not.match(ran.output, /^remote: +sees the server/m);
  }
  const secret = (await world.token()).slice(-20);
  const fetched = await push(context, expression(`import <nix/fetchurl.nix> { url = "file://${world.root}/admin.token"; sha256 = "0000000000000000000000000000000000000000000000000000"; }`));
  assert.is(fetched.code, 1, fetched.output);
  assert.not.match(fetched.output, secret);
  assert.not.match(fetched.output, 'hash mismatch', 'the file was not there to be read');
});

test('it loops for ever', async (context) => {
  const pushed = await push(context, {}, async () => {
    await cp(join(EXAMPLES, 'test-apps-fail/loops-forever'), context.shop.dir, { recursive: true });
    await context.shop.commit('loops');
  });
  await rejected(context, pushed, 'HOP3_EVAL_TIMEOUT', 'Nix evaluated the expression for 3 s and had nothing to build yet.', 'It was ended.', "Look for a loop in hop3.nix. The limit is the server's setting HOP3_EVAL_TIMEOUT.");
});

// Much

/** How much memory the server needs at most for the work, beyond what it has: bytes. */
async function memoryFor(world: World, work: () => Promise<void>): Promise<number> {
  const pid = await world.serverPid();
  const status = async (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
  // Sets VmHWM back to what is used now.
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = await status('VmRSS');
  await work();
  assert.is(await world.serverPid(), pid, 'the server lives');
  return (await status('VmHWM')) - before;
}

test('100 MB of build output: cut, counted, and the server stays small', async ({ world }) => {
  const repo = await world.repo('loud', 'test-apps-fail/prints-100mb');
  // A build that this machine has made before would say nothing.
  await repo.edit('hop3.nix', (text) => text.replace('a lot was said', `a lot was said ${Date.now()}`));
  await repo.commit('new');
  let pushed: Ran | undefined;
  const grown = await memoryFor(world, async () => { pushed = await repo.push(); });
  assert.is(pushed!.code, 0, pushed!.output.slice(-2000));
  assert.ok(pushed!.output.length < 12 * MB, `the client got ${pushed!.output.length} bytes`);
  assert.match(told(pushed!), /remote: {8}\(output beyond 8388608 bytes is not shown\)\nremote: {8}\(\d{6} lines of output were left out\)\nremote: -----> Discovering process types\n/);
  assert.match(told(pushed!), /remote: {8}Released v1\nremote: {8}http:\/\/loud\.localhost:\d+ deployed to Hop3\nTo /, 'the end is what it always is');
  assert.ok(grown < 64 * MB, `the server grew by ${Math.round(grown / MB)} MB`);
  const log = await exec('stat', ['-c', '%s', join(world.root, 'apps/loud/builds/1.log')]);
  assert.ok(Number(log.stdout) < 12 * MB, `the log has ${log.stdout} bytes`);
});

test('a push of more bytes than the server takes', async (context) => {
  const { world, shop, good } = context;
  let pushed: Ran | undefined;
  const grown = await memoryFor(world, async () => {
    pushed = await push(context, {}, async () => {
      await exec('sh', ['-c', `head -c ${30 * MB} /dev/urandom > random`], { cwd: shop.dir });
      await shop.commit('big');
    });
  });
  assert.is(pushed!.code, 1, pushed!.output);
  assert.match(told(pushed!), [
    'remote:  !     Push rejected: The push is larger than the 20 MiB that this server takes.',
    'remote:        Find what is large: git rev-list --objects --all | git cat-file --batch-check | sort -k3n',
    'remote:        Raise HOP3_MAX_PUSH_BYTES on the server if it must be that large.',
  ].join('\n'));
  assert.match(pushed!.stderr, ' ! [remote rejected] main -> main (The push is larger than the 20 MiB that this server takes [HOP3_PUSH_TOO_LARGE])');
  assert.ok(grown < 64 * MB, `the server grew by ${Math.round(grown / MB)} MB`);
  assert.is(await world.branch('shop'), good);
  assert.is((await exec('find', [join(world.root, 'repos/shop.git/objects'), '-name', '*incoming*'])).stdout, '', 'what was received is gone');
});

test('a small push that unpacks to 200 MB', async (context) => {
  const { world, shop } = context;
  const grown = await memoryFor(world, async () => {
    const pushed = await push(context, {}, async () => {
      await exec('sh', ['-c', `head -c ${200 * MB} /dev/zero > zeros`], { cwd: shop.dir });
      await shop.commit('zeros');
    });
    await rejected(context, pushed, 'HOP3_TREE_SIZE', 'The tree has 200 MB; 20 MB is the most.', 'The largest file is zeros with 200 MB.',
      'Keep what is not source out of the repository (the build can fetch it by hash), or raise HOP3_MAX_PUSH_BYTES on the server.');
  });
  assert.ok(grown < 64 * MB, `the server grew by ${Math.round(grown / MB)} MB`);
});

/** Pushes a tree that `git add` would not make; lines are those of `git mktree`. */
async function pushTree({ shop, good }: Context, tree: string): Promise<Ran> {
  await shop.git('checkout', '-q', '-f', '-B', 'main', good);
  const commit = await shop.git('commit-tree', tree, '-p', good, '-m', 'by hand');
  await shop.git('update-ref', 'refs/heads/main', commit);
  return shop.push();
}

async function mktree(shop: Repo, lines: readonly string[]): Promise<string> {
  const made = await exec('git', ['mktree'], { cwd: shop.dir, env: shop.world.env, input: `${lines.join('\n')}\n` });
  assert.is(made.code, 0, made.output);
  return made.stdout.trim();
}

test('a tree of trees that names ten million files', async (context) => {
  const { shop, good } = context;
  const blob = await shop.git('rev-parse', `${good}:index.html`);
  let tree = await mktree(shop, [`100644 blob ${blob}\tx`]);
  for (let depth = 0; depth < 7; depth += 1) tree = await mktree(shop, Array.from({ length: 10 }, (_, index) => `040000 tree ${tree}\t${index}`));
  await rejected(context, await pushTree(context, tree), 'HOP3_TREE_SIZE', 'The tree has more than 250000 files.', 'Was the right directory committed? Keep what is not source out of the repository.');
});

// Trees that cannot be deployed, and names that can

test('symlinks out of the tree, by themselves or by way of others', async (context) => {
  const { shop } = context;
  const link = (...links: [path: string, target: string][]) => async () => {
    for (const [path, target] of links) {
      await exec('mkdir', ['-p', join(shop.dir, path, '..')]);
      await symlink(target, join(shop.dir, path));
    }
    await shop.commit('links');
  };
  const remedy = 'Replace the symlink by the file, or make it relative within the tree.';
  await rejected(context, await push(context, {}, link(['conf', '/etc/passwd'])), 'HOP3_TREE', 'conf: a symlink out of the tree, to /etc/passwd', remedy);
  await rejected(context, await push(context, {}, link(['a/up', '../../../shop'])), 'HOP3_TREE', 'a/up: a symlink out of the tree, to ../../../shop', remedy);
  await rejected(context, await push(context, {}, link(['a/b/top', '../..'], ['a/b/out', 'top/../../etc'])), 'HOP3_TREE', 'a/b/out: a symlink out of the tree, to top/../../etc', remedy);
  await rejected(context, await push(context, {}, link(['one', '/etc'], ['two', '..'])), 'HOP3_TREE', '2 things in the tree cannot be deployed; the first: one: a symlink out of the tree, to /etc',
    'one: a symlink out of the tree, to /etc', 'two: a symlink out of the tree, to ..', remedy);
});

test('a submodule, an LFS pointer, a name that is not UTF-8', async (context) => {
  const { shop, good } = context;
  const rename = 'Commit a submodule\'s files themselves (git subtree, or a plain copy); rename anything else.';
  await rejected(context, await push(context, {}, () => addToIndex(shop, [Buffer.from(`160000 ${good}\tvendor/lib`)])), 'HOP3_TREE', 'vendor/lib: a submodule; its files are not part of the push', rename);
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n';
  await rejected(context, await push(context, { 'art/big.psd': pointer }), 'HOP3_TREE', 'art/big.psd: a Git LFS pointer; the file\'s own bytes are not part of the push',
    'Take the file out of LFS (git lfs migrate export --include=<path>), or have the build fetch it by hash.');
  const blob = await shop.git('rev-parse', `${good}:index.html`);
  await rejected(context, await push(context, {}, () => addToIndex(shop, [Buffer.from(`100644 ${blob}\tcaf\xe9.txt`, 'latin1')])), 'HOP3_TREE', 'café.txt: the name is not UTF-8', rename);
});

test('trees that no git would make', async (context) => {
  const { shop, good } = context;
  const blob = await shop.git('rev-parse', `${good}:index.html`);
  const inside = await mktree(shop, [`100644 blob ${blob}\tconfig`]);
  const top = (await shop.git('ls-tree', good)).split('\n');
  await rejected(context, await pushTree(context, await mktree(shop, [...top, `040000 tree ${inside}\t.git`])), 'HOP3_TREE', '.git/config: a name that git keeps for itself');
  await rejected(context, await pushTree(context, await mktree(shop, [...top, `040000 tree ${inside}\t..`])), 'HOP3_TREE', '../config: a name that git keeps for itself');
  // A symlink and a directory of the same name: written one after the other, the file would land outside.
  const link = (await exec('git', ['hash-object', '-w', '--stdin'], { cwd: shop.dir, env: shop.world.env, input: '/tmp' })).stdout.trim();
  const file = join(shop.world.home, 'twice');
  await writeFile(file, Buffer.concat([Buffer.from('120000 a\0'), Buffer.from(link, 'hex'), Buffer.from('40000 a\0'), Buffer.from(inside, 'hex')]));
  await rejected(context, await pushTree(context, await shop.git('hash-object', '-t', 'tree', '--literally', '-w', file)), 'HOP3_TREE', 'a: the tree holds two things of this name');
});

async function addToIndex(shop: Repo, entries: readonly Buffer[]): Promise<void> {
  const file = join(shop.world.home, 'entries');
  await writeFile(file, Buffer.concat(entries.flatMap((entry) => [entry, Buffer.from([0])])));
  const ran = await exec('sh', ['-c', `git update-index -z --index-info < ${file} && git commit -q -m entries`], { cwd: shop.dir, env: shop.world.env });
  assert.is(ran.code, 0, ran.output);
}

test('names that would mean something to a shell are only names', async ({ world }) => {
  const odd = ['-rf', '--help', 'line\nbreak', '"double" and \'single\'', '$(touch pwned)', '`touch pwned`', '; touch pwned', 'back\\slash', 'ünïcødé 🎉', '\u001b[31mred', '%s%n', '*'];
  const repo = await world.repo('odd', {
    ...expression(`pkgs.runCommand "names" { src = ./.; } ''
    mkdir -p $out/public $out/hop3
    (cd $src && find . -type f -printf '%P\\0') > $out/public/names
    echo "{\\"workers\\":{\\"static\\":\\"$out/public\\"}}" > $out/hop3/runtime.json
  ''`),
    ...Object.fromEntries(odd.map((name) => [name, 'x\n'])),
  });
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  const names = (await world.get('odd', '/names')).body.split('\0').filter((name) => name !== '').sort();
  assert.equal(names, [...odd, 'hop3.nix'].sort());
});

// runtime.json

const STATIC = 'Point it at a directory of $out, for example "${placeholder "out"}/share/site", and copy what is linked from elsewhere.';
const builds: [title: string, files: Files, code: string, what: string, ...lines: string[]][] = [
  ['a worker name that is a path', runtime('workers."a/../../b" = "true";'), 'HOP3_RUNTIME_TYPE', 'hop3/runtime.json has a worker called "a/../../b".', 'A worker has 1 to 32 lower-case letters, digits, - and _, and begins with a letter.'],
  ['a worker name for a shell', runtime('workers."web; id" = "true";'), 'HOP3_RUNTIME_TYPE', 'hop3/runtime.json has a worker called "web; id".'],
  ['a command of two lines', runtime('workers.web = "true\\nfalse";'), 'HOP3_RUNTIME_TYPE', 'hop3/runtime.json: workers.web has a line end or a NUL character in it.', 'Put several commands into a script in $out/bin and name that.'],
  ['static outside', runtime('workers.static = "/etc";'), 'HOP3_RUNTIME_STATIC', 'hop3/runtime.json: workers.static lies outside the release\'s own store paths: /etc.', STATIC],
  ['static ..', runtime('workers.static = "..";'), 'HOP3_RUNTIME_STATIC', 'hop3/runtime.json: workers.static is not an absolute path: "..".', STATIC],
  ['static by way of ..', runtime('workers.static = "/nix/store/../../etc";'), 'HOP3_RUNTIME_STATIC', 'hop3/runtime.json: workers.static lies outside the release\'s own store paths: /nix/store/../../etc.', STATIC],
  ['all of the store as static', runtime('workers.static = "/nix/store";'), 'HOP3_RUNTIME_STATIC', 'hop3/runtime.json: workers.static lies outside the release\'s own store paths: /nix/store.', STATIC],
  ['a runtime.json that is a link', expression('pkgs.runCommand "x" { } "mkdir -p $out/hop3; ln -s /etc/passwd $out/hop3/runtime.json"'), 'HOP3_RUNTIME_TYPE', 'hop3/runtime.json is a link that leaves the build.', 'Make it a file of $out.'],
  ['a runtime.json that is not JSON', expression('pkgs.writeTextDir "hop3/runtime.json" "{\\"workers\\": {\\"web\\": }}"'), 'HOP3_RUNTIME_JSON', 'hop3/runtime.json:1:21 is not JSON.', 'Let Nix write it: builtins.toJSON { workers = { ... }; }'],
  ['a variable name with =', runtime(`${ECHO_WEB} env."A=B" = "x";`), 'HOP3_RUNTIME_TYPE', 'hop3/runtime.json: env has a variable called "A=B".', 'A name has letters, digits and underscores.'],
  ['a number as a variable', runtime(`${ECHO_WEB} env.A = 5;`), 'HOP3_RUNTIME_TYPE', 'hop3/runtime.json: env.A should be text, and is 5.'],
  ['a relative PATH entry', runtime(`${ECHO_WEB} path = [ "bin" ];`), 'HOP3_RUNTIME_TYPE', 'hop3/runtime.json: path[0] is not an absolute path: "bin".', 'For example: "${pkgs.git}/bin"'],
  ['no process', runtime('workers = { };'), 'HOP3_RUNTIME_WORKERS', 'hop3/runtime.json names no process: "workers" is empty.'],
];

for (const [title, tree, code, what, ...lines] of builds) {
  test(title, async (context) => rejected(context, await push(context, tree), code, what, ...lines));
}

test('a link out of the static directory', async (context) => {
  const pushed = await push(context, expression(`pkgs.runCommand "x" { } ''
    mkdir -p $out/hop3 $out/site
    ln -s /etc/passwd $out/site/users
    echo "{\\"workers\\":{\\"static\\":\\"$out/site\\"}}" > $out/hop3/runtime.json
  ''`));
  assert.is(pushed.code, 1, pushed.output);
  assert.match(pushed.stderr, /\(hop3\/runtime\.json: workers\.static holds a symlink that leaves the release: \/nix\/store\/[^/]+\/site\/users -> \/etc\/passwd \[HOP3_RUNTIME_STATIC\]\)/);
});

test('a command is shell text, in the sandbox: what it touches is the app\'s own', async (context) => {
  const { world } = context;
  const pushed = await push(context, runtime('workers.web = "$(touch /app/data/touched /tmp/hop3-pwned; echo false) \'it\'\\\\\'\'s\' \\"quoted\\"";'));
  assert.is(pushed.code, 1, pushed.output);
  assert.match(pushed.stderr, /\(web\.1 ended while it was starting: exit code 1 after \d+\.\d s \[HOP3_WORKER_DIED\]\)/);
  assert.is((await exec('ls', [join(world.root, 'apps/shop/data')])).stdout, 'touched\n');
  assert.is((await exec('ls', ['/tmp/hop3-pwned'])).code, 2);
});

test('escape sequences of a worker do not repaint the pusher\'s terminal', async (context) => {
  const script = `''printf '\\033[2J\\033[31mred\\033[0m\\r-----> Released v99\\n\\033]0;title\\007\\001\\n'; exit 4''`;
  const pushed = await push(context, runtime(`workers.web = "\${pkgs.writeShellScript "loud" ${script}}";`));
  assert.is(pushed.code, 1);
  assert.match(told(pushed), 'remote:        red-----> Released v99\nremote:        \\u0001\n', 'what is left stands behind the margin, where no phase stands');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  assert.not.match(pushed.output.replace(/\u001b\[K/g, ''), /[\u0000-\u0008\u000b-\u001f\u007f]/, 'git\'s own "clear to the end of the line" aside');
  assert.is((await context.world.get('shop')).body, 'good\n');
});

test('escape sequences of nix do not either', async (context) => {
  const pushed = await push(context, expression('throw (builtins.fromJSON "\\"\\\\u001b[2Ja\\\\u0007b\\"")'));
  assert.is(pushed.code, 1);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  assert.not.match(pushed.output.replace(/\u001b\[K/g, ''), /[\u0000-\u0008\u000b-\u001f\u007f]/);
});

// Variables and before-run

test('a variable reaches the app byte for byte', async ({ world }) => {
  const repo = await world.repo('echo', runtime(ECHO_WEB));
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  const value = ' first line\n\nline "two" \'q\' $(id) `id` ${HOME} \\ \\n % 🎉 é \t\u001b[31m\r\n end \n\n';
  const set = await exec(join(CHECKOUT, 'bin/hop3'), ['env', 'set', 'TRICKY', '--stdin', '--app', 'echo'], { env: world.env, input: value });
  assert.is(set.code, 0, set.output);
  const short = await world.hop3('env', 'set', 'SHORT=a=b\n🎉', 'EMPTY=', '--app', 'echo');
  assert.is(short.code, 0, short.output);
  const seen = JSON.parse((await world.get('echo')).body) as Record<string, string>;
  assert.is(seen['TRICKY'], value);
  assert.is(seen['SHORT'], 'a=b\n🎉');
  assert.is(seen['EMPTY'], '');
  assert.is(seen['HOP3_APP'], 'echo');
  for (const name of ['A B=c', '1A=c', 'A-B=c', 'Ä=c']) {
    const refused = await world.hop3('env', 'set', name, '--app', 'echo');
    assert.is(refused.code, 2, refused.output);
    assert.match(refused.stderr, `"${name.split('=')[0]}" cannot be a variable's name: letters, digits and _ only, not beginning with a digit.`);
  }
});

test('before-run fails: the push is rejected with its output and exit status, whichever of its commands it was', async (context) => {
  const pushed = await push(context, { ...runtime(ECHO_WEB), 'hop3.toml': '[run]\nbefore-run = ["echo migrating $HOP3_APP", "echo \'then this\' && exit 7"]\n' });
  await rejected(context, pushed, 'HOP3_BEFORE_RUN', 'before-run failed: exit code 7.', 'migrating shop', 'then this',
    'Nothing of this release was started. What the command itself changed (a half-done migration) is not taken back.');
  assert.not.match(pushed.output, 'Starting');
  const killed = await push(context, { ...runtime(ECHO_WEB), 'hop3.toml': '[run]\nbefore-run = "kill -9 $$"\n' });
  assert.is(killed.code, 1);
  assert.match(killed.stderr, '[HOP3_BEFORE_RUN]');
  const missing = await push(context, { ...runtime(ECHO_WEB), 'hop3.toml': '[run]\nbefore-run = "./migrate"\n' });
  await rejected(context, missing, 'HOP3_BEFORE_RUN', 'before-run failed: exit code 127.');
});

test('before-run with several commands runs all of them', async (context) => {
  const { world } = context;
  const repo = await world.repo('steps', { ...runtime(ECHO_WEB), 'hop3.toml': '[run]\nbefore-run = ["echo one > steps", "echo two >> steps", "cat steps"]\n' });
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), 'remote:        one\nremote:        two\n');
  assert.is(await readFile(join(world.root, 'apps/steps/data/steps'), 'utf8'), 'one\ntwo\n');
});

test('before-run looks for a script of the repository where it runs: the push says where it is, and there it is', async (context) => {
  const { world } = context;
  const files = { ...runtime(ECHO_WEB), 'scripts/first start.sh': 'true\n', 'scripts/setup.sh': 'cat "$HOP3_SOURCE"/scripts/words >setup-saw; touch "$HOP3_SOURCE"/x || echo read-only\n', 'scripts/words': 'from the repository\n' };
  const lost = await push(context, { ...files, 'hop3.toml': '[run]\nbefore-run = "sh ./scripts/setup.sh"\n' });
  await rejected(context, lost, 'HOP3_BEFORE_RUN', 'before-run failed: exit code 2.',
    './scripts/setup.sh is a file of the repository. before-run runs in the app\'s data directory and sees what was built; the repository is at $HOP3_SOURCE: "$HOP3_SOURCE"/scripts/setup.sh');
  const repo = await world.repo('scripted', { ...files, 'hop3.toml': `[run]\nbefore-run = 'sh "$HOP3_SOURCE"/scripts/setup.sh'\n` });
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), 'remote:        read-only');
  const saw = join(world.root, 'apps/scripted/data/setup-saw');
  assert.is(await readFile(saw, 'utf8'), 'from the repository\n');
  assert.is((JSON.parse((await world.get('scripted')).body) as Record<string, string>)['HOP3_SOURCE'], undefined);
  // A release that is built already has no checkout of its own.
  await rm(saw);
  assert.is((await world.hop3('env', 'set', 'A=b', '--app', 'scripted')).code, 0);
  assert.is(await readFile(saw, 'utf8'), 'from the repository\n');
});

test('after all that the server is the one that was started, and has nothing to report', async ({ world }) => {
  const log = (await world.hop3('status', '--server-log')).stdout;
  const odd = log.split('\n').filter((line) => line.trim() !== '' && !/"level":30/.test(line));
  assert.equal(odd, []);
});

test.run();
