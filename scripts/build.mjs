// Bundles Hop3 into dist/: server.js (packages stay in node_modules), and the command: hop3.cjs, which begins, and cli.js (everything
// inside, so that it starts fast and needs no node_modules). Takes well under a second; the type check is `tsc`, apart.
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'linked',
  // A stack in a defect report should name our functions.
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
};

const [, cli] = await Promise.all([
  build({ ...common, entryPoints: { server: 'src/server/main.ts' }, outdir: 'dist', packages: 'external' }),
  build({
    ...common,
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: 'dist',
    // Each command is a file of its own, so that node reads and compiles what runs and nothing else. They lie in dist/ itself:
    // the installed tree is found from where a file lies.
    splitting: true,
    chunkNames: 'cli-[name]-[hash]',
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    // A native module cannot be bundled; src/store/sqlite.ts loads it only where the command works on the server's own files.
    external: ['better-sqlite3'],
    // Bundled CommonJS packages call require(), which ES modules do not have.
    banner: { js: "import { createRequire as hop3CreateRequire } from 'node:module'; const require = hop3CreateRequire(import.meta.url);" },
  }),
  // Node's loader of ES modules costs a third of its own start; who asks for the version alone does without.
  build({
    ...common,
    entryPoints: { hop3: 'src/cli/hop3.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    sourcemap: false,
    minifyWhitespace: true,
    define: { 'import.meta.url': 'hop3Here' },
    banner: { js: "const hop3Here = require('node:url').pathToFileURL(__filename).href;" },
    plugins: [{
      name: 'the rest is cli.js',
      setup: (plugin) => plugin.onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: './cli.js', external: true })),
    }],
  }),
]);

// Parts of earlier builds go: nothing names them any more.
const made = new Set(Object.keys(cli.metafile.outputs).map((file) => basename(file)));
for (const name of readdirSync(join(root, 'dist'))) {
  if (name.startsWith('cli-') && !made.has(name)) rmSync(join(root, 'dist', name));
}
