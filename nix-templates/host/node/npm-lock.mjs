// What the host package set does with a package-lock.json.
//   list LOCK DIR         prints what curl has to download, one numbered file a package, as curl's configuration
//   store LOCK DIR CACHE  checks the downloaded files and puts them where npm looks for a file of that hash
//   fix LOCK              writes the address of a package where the lock file leaves it out, as npm then asks no registry
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [command, lockFile, directory, cache] = process.argv.slice(2);
const lock = JSON.parse(readFileSync(lockFile, 'utf8'));
if (lock.packages === undefined) fail('the lock file is of npm 6 or older (lockfileVersion 1): run npm install with a newer npm and commit it');
const registry = ownRegistry();

const wanted = new Map();
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '' || entry.link || entry.inBundle || !path.includes('node_modules/')) continue;
  const url = addressOf(path, entry);
  if (!/^https?:/.test(url)) fail(`${path} comes from ${url}; the host package set fetches from registries only: use a real nixpkgs`);
  if (!entry.integrity) fail(`${path} has no hash in the lock file: run npm install and commit the new lock file`);
  wanted.set(entry.integrity, url);
  entry.resolved ??= url;
}
const packages = [...wanted];

if (command === 'list') {
  packages.forEach(([, url], n) => console.log(`url = ${JSON.stringify(mirrored(url))}\noutput = ${JSON.stringify(join(directory, String(n)))}`));
} else if (command === 'store') {
  packages.forEach(([integrity, url], n) => store(integrity, url, join(directory, String(n))));
} else if (command === 'fix') {
  writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
}

function store(integrity, url, file) {
  const [algorithm, digest] = strongest(integrity);
  const hex = Buffer.from(digest, 'base64').toString('hex');
  const found = createHash(algorithm).update(readFileSync(file)).digest('hex');
  if (found !== hex) fail(`${url} is not what the lock file has: it has the ${algorithm} ${found}, and should have ${hex}`);
  const target = join(cache, 'content-v2', algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
}

/** A lock file may give several hashes, separated by spaces; npm uses the strongest. */
function strongest(integrity) {
  const all = integrity.split(/\s+/).map((item) => item.split('?')[0].split(/-(.*)/s));
  return ['sha512', 'sha384', 'sha256', 'sha1'].map((name) => all.find(([algorithm]) => algorithm === name)).find(Boolean)
    ?? fail(`the lock file has a hash of a kind that is not known: ${integrity}`);
}

function addressOf(path, entry) {
  if (entry.resolved) return entry.resolved;
  const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  return `${registry ?? npmsOwnRegistry()}/${name}/-/${name.split('/').at(-1)}-${entry.version}.tgz`;
}

/** A package of a registry is taken from the one that is configured; the lock file's hash decides what is accepted. */
function mirrored(url) {
  return registry === null ? url : url.replace(/^https?:\/\/[^/]+(?=\/(?:@[^/]+\/)?[^/]+\/-\/[^/]+$)/, registry);
}

/** Where npm itself looks when nobody says otherwise. */
function npmsOwnRegistry() {
  return execFileSync('npm', ['config', 'get', 'registry', '--userconfig', '/dev/null'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim().replace(/\/$/, '');
}

function ownRegistry() {
  const file = join(dirname(lockFile), '.npmrc');
  const own = existsSync(file) ? /^\s*registry\s*=\s*"?([^\s"]+)/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  const found = process.env.NIX_NPM_REGISTRY || own;
  return found ? found.replace(/\/$/, '') : null;
}

function fail(text) {
  console.error(`error: ${text}`);
  process.exit(1);
}
