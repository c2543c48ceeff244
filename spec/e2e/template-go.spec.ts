// limit: 600
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { goAnswers } from './go-proxy.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { World } from './world.ts';

await asOrdinaryUser(import.meta.url);

const test = suite<{ world: World }>('go-source: a push of Go source');
test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

const NIX = '[nix]\ntemplate = "go-source"\nexec-target = "shop"\n';
/** A web server that says what a module beside it says. */
const MAIN = `package main

import (
	"fmt"
	"net/http"
	"os"

	"example.org/greet"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, greet.Greeting()) })
	http.ListenAndServe(os.Getenv("BIND_ADDRESS")+":"+os.Getenv("PORT"), nil)
}
`;
const greet = (words: string) => `package greet\n\nfunc Greeting() string { return "${words}" }\n`;
const MODULES = 'module example.org/shop\n\ngo 1.19\n\nrequire example.org/greet v1.0.0\n';

/** A tree whose module needs another, which lies in the tree: fetched as any other, and no network is needed for it. */
const WITH_MODULE = {
  'hop3.toml': `${NIX}go-sub-packages = ["."]\n`, 'main.go': MAIN, 'go.mod': `${MODULES}\nreplace example.org/greet => ./greet\n`,
  'greet/go.mod': 'module example.org/greet\n\ngo 1.19\n', 'greet/greet.go': greet('hello from a module'),
};

test('the example is pushed, compiled in the sandbox and answers with the version that the linker put in', async ({ world }) => {
  const repo = await world.repo('go-http', 'test-apps-nix/go-http');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.output, 'Template mode: go-source (tier 2');
  assert.match((await world.get('go-http')).body, /^Hello from Go\.\ngo-http 1\.0, release v1\n$/);
});

test('without go-vendor-hash the push says the line, and with the line it deploys', async ({ world }) => {
  const repo = await world.repo('shop', WITH_MODULE);
  const refused = await repo.push();
  assert.is(refused.code, 1, refused.output);
  assert.match(refused.output, '[nix] go-vendor-hash is missing.');
  const line = /go-vendor-hash = "sha256-[A-Za-z0-9+/]{43}="/.exec(refused.output)?.[0];
  assert.ok(line, refused.output);
  await repo.commit('the hash', { 'hop3.toml': `${WITH_MODULE['hop3.toml']}${line}\n` });
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('shop')).body, 'hello from a module');

  // The old modules are in the store under the old hash; they must not be taken for the new ones.
  await repo.commit('other words', { 'greet/greet.go': greet('other words') });
  const changed = await repo.push();
  assert.is(changed.code, 1, changed.output);
  assert.match(changed.output, '[nix] go-vendor-hash is the hash of something else');
  const next = /go-vendor-hash = "sha256-[A-Za-z0-9+/]{43}="/.exec(changed.output)![0];
  assert.is.not(next, line);
  assert.is((await world.get('shop')).body, 'hello from a module');
});

test('a committed vendor/ needs no hash, a source-root is found, and the program is on PATH of before-run', async ({ world }) => {
  const repo = await world.repo('vendored', {
    'hop3.toml': `${NIX}source-root = "server"\n\n[run]\nbefore-run = "command -v shop"\n`,
    'server/main.go': MAIN, 'server/go.mod': MODULES,
    'server/vendor/modules.txt': '# example.org/greet v1.0.0\n## explicit; go 1.19\nexample.org/greet\n',
    'server/vendor/example.org/greet/greet.go': greet('hello from vendor'),
  });
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('vendored')).body, 'hello from vendor');

  await repo.commit('a name that go does not give', { 'hop3.toml': `${NIX.replace('"shop"', '"server"')}source-root = "server"\n` });
  const refused = await repo.push();
  assert.is(refused.code, 1, refused.output);
  assert.match(refused.output, /error: \[nix\] exec-target: go made no program server\. It made: shop/);
});

test('go.mod that is not there, or that is too new, is told in words', async ({ world }) => {
  const without = await world.repo('nomod', { 'hop3.toml': NIX, 'main.go': MAIN });
  assert.match((await without.push()).output, 'The pushed tree has no go.mod. Run go mod init and commit it');
  const tooNew = await world.repo('toonew', {
    'hop3.toml': NIX, 'go.mod': 'module example.org/shop\n\ngo 1.99\n', 'main.go': 'package main\n\nfunc main() { var x any; x.Newer() }\n',
  });
  const refused = await tooNew.push();
  assert.is(refused.code, 1);
  assert.match(refused.output, /go\.mod asks for Go 1\.99|requires go >= 1\.99/);
});


if (nixAnswers() && goAnswers()) test.run();
