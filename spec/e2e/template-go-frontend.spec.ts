// limit: 500
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolvePackageSet } from '../../src/nix/package-set.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';
import { goAnswers } from './go-proxy.ts';
import { npmRegistry } from './npm-registry.ts';
import { nixAnswers, NixWorld } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { EXAMPLES } from './world.ts';

await asOrdinaryUser(import.meta.url);
process.env['NIX_REMOTE'] ??= 'daemon';

interface Context { world: NixWorld; npmrc: string }
const building = suite<Context>('go-source: a program and its frontend');
building.before.each(async (context) => {
  context.world = new NixWorld();
  context.world.settings = { ...context.world.settings, buildTimeout: 400, buildSilence: 400 };
  context.world.packageSet = await resolvePackageSet({ root: context.world.root, nixpkgs: { kind: 'host' } }, context.world.log);
});
building.after.each(({ world }) => world.end());

const GO_MOD = 'module example.org/shop\n\ngo 1.19\n';
const PAGE = `import { mkdirSync, writeFileSync } from 'node:fs';
import escape from 'escape-html';
mkdirSync('dist/assets', { recursive: true });
writeFileSync('dist/assets/page.html', 'page ' + escape('<${Date.now()}>'));
`;
const PACKAGE = { name: 'ui', version: '1.0.0', private: true, type: 'module', scripts: { build: 'node page.mjs' }, dependencies: { 'escape-html': '1.0.3' } };
const INTEGRITY = 'sha512-NiSupZ4OeuGwr68lGIeym/ksIZMJodUGOSCZ/FSnTxcrekbvqrgdUxlJOMpijaKZVjAJrWrGs/6Jy8OMuyj9ow==';
const NPM_LOCK = {
  name: 'ui', version: '1.0.0', lockfileVersion: 3, requires: true,
  packages: { '': { name: 'ui', version: '1.0.0', dependencies: PACKAGE.dependencies }, 'node_modules/escape-html': { version: '1.0.3', integrity: INTEGRITY } },
};
const PNPM_LOCK = readFileSync(join(EXAMPLES, 'test-apps-nix/node-pnpm/pnpm-lock.yaml'), 'utf8')
  .replace(/      accepts:\n.*\n.*\n/, '').replace('specifier: ^1.0.3', 'specifier: 1.0.3')
  .replace(/  (accepts|mime-db|mime-types|negotiator)@[^\n]*\n    resolution[^\n]*\n    engines[^\n]*\n\n/g, '')
  .replace(/  (accepts|mime-types)@[^\n]*:\n    dependencies:\n(      [^\n]*\n)+\n/g, '').replace(/  (mime-db|negotiator)@[^\n]*: \{\}\n\n?/g, '');

function write(world: NixWorld, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(world.sourceDir, name)), { recursive: true });
    writeFileSync(join(world.sourceDir, name), text);
  }
}

async function build(world: NixWorld, keys: Record<string, unknown>): Promise<string> {
  const rendered = renderTemplate(configWith('go-source', { 'exec-target': 'shop', 'go-vendor-hash': 'none', ...keys }, { id: 'shop', version: '1.0' }), 'shop');
  return (await world.buildRendered(rendered.expression)).storePath;
}

/** Builds with a hash that nothing has, then with the one that nix prints. */
async function buildTwice(world: NixWorld, key: string, keys: Record<string, unknown>): Promise<string> {
  const error = await caught(build(world, keys));
  const hash = /got:\s+(\S+)/.exec(`${error.why}${world.shown.join('')}`)?.[1];
  assert.ok(hash, `${error.message}\n${error.why}`);
  return build(world, { ...keys, [key]: hash });
}

function start(world: NixWorld, storePath: string): string {
  const ran = spawnSync(join(storePath, 'bin/hop3-start'), [], { cwd: world.root, encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
  assert.is(ran.status, 0, ran.stderr);
  return ran.stdout;
}

building('pnpm builds the pages, and Go takes them into the program', async ({ world, npmrc }) => {
  write(world, {
    'go.mod': GO_MOD, 'ui/package.json': JSON.stringify(PACKAGE), 'ui/page.mjs': PAGE, 'ui/pnpm-lock.yaml': PNPM_LOCK, 'ui/.npmrc': npmrc,
    'main.go': 'package main\n\nimport (\n\t"embed"\n\t"fmt"\n)\n\n//go:embed web/dist\nvar files embed.FS\n\nfunc main() {\n\tpage, err := files.ReadFile("web/dist/assets/page.html")\n\tfmt.Println(string(page), err)\n}\n',
    'web/dist/.gitkeep': '',
  });
  const storePath = await buildTwice(world, 'go-pnpm-deps-hash', {
    'go-frontend-build': 'pnpm run build', 'go-frontend-pnpm': true, 'go-frontend-source-root': 'ui', 'go-frontend-output': 'dist', 'go-frontend-embed-path': 'web/dist',
  });
  assert.match(start(world, storePath), /^page &lt;\d+&gt; <nil>\n$/);
  const { stdout } = spawnSync('nix-store', ['-qR', storePath], { encoding: 'utf8' });
  assert.not.match(stdout, 'shop-frontend', 'what is inside the program is not beside it');
});

building('npm builds the pages, and the program reads them and a directory of the source from the disk', async ({ world, npmrc }) => {
  write(world, {
    'go.mod': GO_MOD, 'package.json': JSON.stringify(PACKAGE), 'page.mjs': PAGE, 'package-lock.json': JSON.stringify(NPM_LOCK), '.npmrc': npmrc, 'options/locale.ini': 'hello = moin',
    'main.go': 'package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n\nfunc main() {\n\tfor _, name := range []string{"dist/assets/page.html", "options/locale.ini"} {\n\t\ttext, err := os.ReadFile(os.Getenv("HOP3_GO_FRONTEND") + "/" + name)\n\t\tfmt.Println(string(text), err)\n\t}\n}\n',
  });
  const keys = { 'go-frontend-build': 'npm run build', 'go-frontend-output': 'dist', 'go-static-dirs': ['options'], 'pre-exec': ['cp FRONTENDDIR/options/locale.ini copied'] };
  const storePath = await buildTwice(world, 'go-npm-deps-hash', keys);
  assert.match(start(world, storePath), /^page &lt;\d+&gt; <nil>\nhello = moin <nil>\n$/);
  assert.ok(existsSync(join(world.root, 'copied')));

  const hash = /npmDepsHash = "(.*)"/.exec(readFileSync(join(world.root, 'checkout/hop3.nix'), 'utf8'))![1]!;
  const error = await caught(build(world, { ...keys, 'go-npm-deps-hash': hash, 'go-frontend-output': 'public' }));
  assert.match(error.why ?? '', /error: \[nix\] go-frontend-output: the build made no directory public\. It has: .*\bdist\b/);
});

const registry = nixAnswers() && goAnswers() ? npmRegistry() : null;
if (registry !== null) {
  building.before((context) => { context.npmrc = `registry=${registry}\n`; });
  building.run();
}
