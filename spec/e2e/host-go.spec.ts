// limit: 600
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GoProxy, goAnswers, goVersion } from './go-proxy.ts';
import { HostWorld, read, type Built } from './host-world.ts';
import { nixAnswers } from './nix-world.ts';

interface Context { world: HostWorld }
const set = suite<Context>('the host package set: Go');
set.before.each((context) => { context.world = new HostWorld(); });
set.after.each(({ world }) => world.end());

const GO_MOD = 'module example.org/tool\n\ngo 1.19\n';
const program = (body: string, imports = '"fmt"') => `package main\n\nimport ${imports}\n\nvar version = "dev"\n\nfunc main() { ${body} }\n`;

/** What a built program prints. */
function said(built: Built, name: string): string {
  read(built, `bin/${name}`);
  return spawnSync(join(built.path, 'bin', name), { encoding: 'utf8' }).stdout.trim();
}

set('a program without modules is compiled, its flags, hooks and environment are heard', async ({ world }) => {
  world.write('go.mod', GO_MOD);
  world.write('main.go', program('fmt.Println("version", version)'));
  const built = await world.build(`pkgs.buildGoModule {
    pname = "tool"; version = "1.0"; src = ./.; vendorHash = null; inherit salt;
    ldflags = [ "-X main.version=1.0" "-s" ]; env.CGO_ENABLED = 0; doCheck = false;
    postInstall = "mv $out/bin/tool $out/bin/renamed; echo cgo $CGO_ENABLED goflags $GOFLAGS > $out/said";
  }`);
  assert.is(said(built, 'renamed'), 'version 1.0');
  assert.match(read(built, 'said'), /^cgo 0 goflags -mod=vendor -trimpath$/m);
});

set('subPackages chooses programs; without it every directory is one, but for examples', async ({ world }) => {
  world.write('go.mod', GO_MOD);
  for (const name of ['cmd/one', 'cmd/two', 'examples/three']) {
    mkdirSync(join(world.source, name), { recursive: true });
    world.write(`${name}/main.go`, program(`fmt.Println("${name}")`));
  }
  const of = (more: string) => world.build(`pkgs.buildGoModule { pname = "tools"; version = "1.0"; src = ./.; vendorHash = null; doCheck = false; inherit salt; ${more} }`);
  const all = await of('');
  read(all, 'bin/one');
  assert.equal(readdirSync(join(all.path, 'bin')).sort(), ['one', 'two']);
  const one = await of('subPackages = [ "cmd/two" ];');
  read(one, 'bin/two');
  assert.equal(readdirSync(join(one.path, 'bin')), ['two']);
});

set('tests run, and one that fails ends the build; doCheck = false leaves them out', async ({ world }) => {
  world.write('go.mod', GO_MOD);
  world.write('main.go', program('fmt.Println("built")'));
  world.write('main_test.go', 'package main\n\nimport "testing"\n\nfunc TestNever(t *testing.T) { t.Fatal("a test that fails") }\n');
  const of = (more: string) => world.build(`pkgs.buildGoModule { pname = "tool"; version = "1.0"; src = ./.; vendorHash = null; inherit salt; ${more} }`);
  const failed = await of('');
  assert.is.not(failed.code, 0);
  assert.match(failed.log, 'a test that fails');
  assert.is(said(await of('doCheck = false;'), 'tool'), 'built');
});

set('a compiler error is shown and ends the build', async ({ world }) => {
  world.write('go.mod', GO_MOD);
  world.write('main.go', program('undefinedThing()', '_ "fmt"'));
  const built = await world.build('pkgs.buildGoModule { pname = "tool"; version = "1.0"; src = ./.; vendorHash = null; inherit salt; }');
  assert.is.not(built.code, 0);
  assert.match(built.log, /main\.go:7:15: undefined: undefinedThing/);
});

set('the machine\'s Go can be asked for by number; another is refused by name', async ({ world }) => {
  const [, minor] = goVersion().split('.');
  world.write('go.mod', GO_MOD);
  world.write('main.go', program('fmt.Println("numbered")'));
  const of = (attribute: string) => world.build(`(pkgs.buildGoModule.override { go = pkgs.${attribute}; }) { pname = "tool"; version = "1.0"; src = ./.; vendorHash = null; inherit salt; }`);
  assert.is(said(await of(`go_1_${minor}`), 'tool'), 'numbered');
  const other = minor === '27' ? '26' : '27';
  const refused = await of(`go_1_${other}`);
  assert.is.not(refused.code, 0);
  assert.match(refused.log, new RegExp(`error: the host package set has no go_1_${other}: this machine has Go ${goVersion()}\\S*; use go_1_${minor} or go, install Go 1\\.${other}, or use a real nixpkgs`));
});

set('vendorHash must be there; a vendor directory or nothing to fetch is told', async ({ world }) => {
  world.write('go.mod', GO_MOD);
  world.write('main.go', program('fmt.Println("x")'));
  const of = (more: string) => world.build(`pkgs.buildGoModule { pname = "tool"; version = "1.0"; src = ./.; inherit salt; ${more} }`);
  assert.match((await of('')).log, 'buildGoModule: vendorHash is missing');
  const empty = await of('vendorHash = lib.fakeHash;');
  assert.match(empty.log, "vendor folder is empty, please set 'vendorHash = null;' in your expression");
  mkdirSync(join(world.source, 'vendor'));
  world.write('vendor/modules.txt', '');
  const exists = await of('vendorHash = lib.fakeHash;');
  assert.match(exists.log, "vendor folder exists, please set 'vendorHash = null;' in your expression");
});

interface Fetching { world: HostWorld; proxy: GoProxy }
const fetching = suite<Fetching>('the host package set: Go modules');
fetching.before(async (context) => { context.proxy = await GoProxy.start(); });
fetching.after(async ({ proxy }) => { await proxy.stop(); });
fetching.before.each((context) => {
  context.world = new HostWorld();
  context.world.write('go.mod', `${GO_MOD}\nrequire example.org/greet v1.0.0\n`);
  context.world.write('go.sum', context.proxy.goSum);
  context.world.write('main.go', program('fmt.Println(greet.Greeting())', '(\n\t"fmt"\n\n\t"example.org/greet"\n)'));
});
fetching.after.each(({ world }) => world.end());

/** A daemon takes GOPROXY from its own environment; here the derivation that fetches sets it. */
const fetched = (proxy: GoProxy, more: string) => `pkgs.buildGoModule {
  pname = "tool"; version = "1.0"; src = ./.; doCheck = false; inherit salt;
  overrideModAttrs = old: { inherit salt; preBuild = old.preBuild + "export GOPROXY=${proxy.url} GONOSUMDB=*"; };
  ${more}
}`;

for (const [how, more] of [['copied into vendor/', ''], ['kept as a module cache (proxyVendor)', 'proxyVendor = true;']] as const) {
  fetching(`modules are fetched under one hash and ${how}; the compiler is offline`, async ({ world, proxy }) => {
    proxy.asked.length = 0;
    const first = await world.build(fetched(proxy, `vendorHash = lib.fakeHash; ${more}`));
    assert.is.not(first.code, 0);
    assert.match(first.log, /hash mismatch in fixed-output derivation '\/nix\/store\/\S+-tool-1\.0-go-modules\.drv'/);
    const got = /got:\s+(\S+)/.exec(first.log)![1]!;
    assert.ok(proxy.asked.includes('/example.org/greet/@v/v1.0.0.zip'));
    const built = await world.build(fetched(proxy, `vendorHash = "${got}"; ${more}`));
    assert.is(said(built, 'tool'), 'hello from a module');
  });
}

fetching('a module that is not what go.sum says is refused by go itself', async ({ world, proxy }) => {
  world.write('go.sum', proxy.goSum.replace(/h1:..../, 'h1:AAAA'));
  const built = await world.build(fetched(proxy, 'vendorHash = lib.fakeHash;'));
  assert.is.not(built.code, 0);
  assert.match(built.log, /verifying example\.org\/greet@v1\.0\.0: checksum mismatch/);
});

if (nixAnswers() && goAnswers()) {
  set.run();
  fetching.run();
}
