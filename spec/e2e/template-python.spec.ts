// limit: 600
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { FLASK, pythonIsThere, PythonIndex, type Wanted } from './python-index.ts';
import { Repo, World } from './world.ts';

await asOrdinaryUser(import.meta.url);

const WRONG = `sha256-${'B'.repeat(42)}A=`;

/** A web server of one module; the salt makes it a package that was never built before. */
function tiny(name: string, version: string, more: Partial<Extract<Wanted, { version: string }>> = {}): Wanted {
  const module = name.replaceAll('-', '_');
  const text = `
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
SALT = "${process.pid}-${Date.now()}"

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"${name} ${version}")

def main():
    HTTPServer((os.environ["BIND_ADDRESS"], int(os.environ["PORT"])), Handler).serve_forever()
`;
  return { name, version, files: { [`${module}.py`]: text, ...more.files }, commands: { [name]: `${module}:main` }, ...more };
}

function toml(target: string, keys = 'pip-requirements = "requirements.txt"'): string {
  return `[nix]\ntemplate = "python-venv"\nexec-target = "${target}"\n${keys}\n`;
}

/** The line that a push gave to be pasted. */
function lineToPaste(output: string): string {
  const line = /^remote:\s+(?:!\s+)?(pip-deps-hash = "sha256-[^"]+")\s*$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`there is no line to paste in:\n${output}`);
  return line;
}

/** Pushes without a hash, pastes the line that the push prints, and pushes again. */
async function pushTwice(repo: Repo): Promise<string> {
  const first = await repo.push();
  assert.is(first.code, 1, first.output);
  const line = lineToPaste(first.output);
  await repo.edit('hop3.toml', (text) => text.replace(/^\[nix\]$/m, `[nix]\n${line}`));
  await repo.commit('the hash');
  const second = await repo.push();
  assert.is(second.code, 0, second.output);
  return first.output + second.output;
}

const apps = suite<{ world: World; index: PythonIndex }>('python-venv: a Python app from a lock file and a package index');

apps.before(async (context) => {
  context.index = new PythonIndex();
  await context.index.start();
  context.index.publish(FLASK);
  context.world = await World.start();
});
apps.after(async ({ world, index }) => {
  await world.stop();
  await index.stop();
});

apps('the Flask example: the first push prints the line to paste, and with it the app is live', async ({ world, index }) => {
  const book = await world.repo('book', 'test-apps-nix/flask-venv');
  await book.commit('our index', { 'requirements.txt': index.lockFile(...FLASK.map(({ name }) => name)) });
  const first = await book.push();
  assert.is(first.code, 1, first.output);
  assert.match(first.output, 'Template mode: python-venv (tier 2');
  assert.match(first.output, '[nix] pip-deps-hash is missing.');
  const line = lineToPaste(first.output);
  assert.match(first.output, `got:    ${/"(.*)"/.exec(line)![1]}`, "the line's hash is the one that nix says it got");

  await book.edit('hop3.toml', (text) => text.replace(/^# pip-deps-hash.*\n.*\n/m, `${line}\n`));
  await book.commit('the hash');
  const second = await book.push();
  assert.is(second.code, 0, second.output);
  const page = await world.get('book');
  assert.match(page.body, '<li>Nobody yet</li>');
  assert.match(page.body, '<footer>v1</footer>');
  assert.match((await world.get('book', '/static/style.css')).body, 'font:');
  const signed = await world.get('book', '/', { method: 'POST', body: 'name=Ann', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  assert.is(signed.status, 302);
  assert.match((await world.get('book')).body, '<li>Ann</li>');

  const asked = index.asked.length;
  await book.edit('templates/index.html', (text) => text.replace('<h1>Guest book', '<h1>Our guests'));
  await book.commit('another title');
  const third = await book.push();
  assert.is(third.code, 0, third.output);
  assert.match((await world.get('book')).body, /Our guests[^]*<li>Ann<\/li>/);
  assert.is(index.asked.length, asked, 'a change of the app fetches nothing');
  assert.not.match(third.output, /building '\S+book-venv/, 'and installs nothing');
});

apps('what is built of the lock file is bit-identical when it is built again', ({ world }) => {
  for (const part of ['venv', 'app'] as const) sameAgain(world, 'book', part);
  const closure = spawnSync('nix-store', ['--query', '--requisites', releaseOf(world, 'book')], { encoding: 'utf8' }).stdout;
  assert.not.match(closure, '-wheels-', 'the wheels are not needed to run');
});

apps('a wrong hash is refused with the right line, and what was live stays', async ({ world }) => {
  const book = reopen(world, 'book');
  await book.edit('hop3.toml', (text) => text.replace(/pip-deps-hash = ".*"/, `pip-deps-hash = "${WRONG}"`));
  await book.commit('a wrong hash');
  const pushed = await book.push();
  assert.is(pushed.code, 1, pushed.output);
  assert.match(pushed.output, '[nix] pip-deps-hash is the hash of something else');
  assert.match(pushed.output, `specified: ${WRONG}`);
  assert.is.not(lineToPaste(pushed.output), `pip-deps-hash = "${WRONG}"`);
  assert.match((await world.get('book')).body, '<footer>v2</footer>');
  await book.git('reset', '-q', '--hard', 'HEAD~1');
});

apps('a changed lock file is fetched, not taken from the store: its hash has to change too', async ({ world, index }) => {
  index.publish([tiny('tiny-web', '1.0'), tiny('tiny-web', '1.1')]);
  const web = await world.repo('web', { 'hop3.toml': toml('tiny-web'), 'requirements.txt': index.lockFile('tiny-web==1.0') });
  await pushTwice(web);
  assert.is((await world.get('web')).body, 'tiny-web 1.0');
  await web.commit('a newer package', { 'requirements.txt': index.lockFile('tiny-web==1.1') });
  const stale = await web.push();
  assert.is(stale.code, 1, stale.output);
  await web.edit('hop3.toml', (text) => text.replace(/pip-deps-hash = ".*"/, lineToPaste(stale.output)));
  await web.commit('its hash');
  assert.is((await web.push()).code, 0);
  assert.is((await world.get('web')).body, 'tiny-web 1.1');
});

apps('a wheel for another Python or another system: pip\'s words, the cause and the remedy', async ({ world, index }) => {
  index.publish([
    { name: 'old-tag', version: '1.0', tag: 'cp39-cp39-manylinux_2_17_x86_64', files: { 'old_tag.py': '' } },
    { name: 'too-new', version: '2.0', requires_python: '>=3.99', files: { 'too_new.py': '' } },
  ]);
  const other = await world.repo('other', { 'hop3.toml': toml('old-tag'), 'requirements.txt': index.lockFile('old-tag') });
  const tag = await other.push();
  assert.is(tag.code, 1, tag.output);
  assert.match(tag.output, 'No matching distribution found for old-tag==1.0');
  assert.match(tag.output, "old_tag-1.0-cp39-cp39-manylinux_2_17_x86_64.whl: none of the wheel's tags (cp39-cp39-manylinux_2_17_x86_64) are compatible");
  assert.match(tag.output, /! {5}(?:Push rejected: )?old-tag==1\.0 has no wheel for Python 3\.\d+ on this system\. The index has old_tag-1\.0-cp39/);
  assert.match(tag.output, /Make the lock file anew with Python 3\.\d+/);
  await other.commit('too new', { 'requirements.txt': index.lockFile('too-new') });
  const python = await other.push();
  assert.match(python.output, "too_new-2.0-py3-none-any.whl: requires a different Python");
  assert.match(python.output, /too-new==2\.0 has no wheel for Python 3\.\d+/);
});

apps('a package without a wheel is built from its source, with the build tools of the lock file', async ({ world, index }) => {
  const compiled = canCompile();
  if (!compiled) console.log('skipped: gcc and python3-dev are not installed, so the package from source has no C in it');
  const extensions = compiled ? "ext_modules=[Extension('from_source_c', ['c.c'])], " : '';
  const setup = `from setuptools import Extension, setup\nsetup(name='from-source', version='0.3', py_modules=['from_source'], ${extensions}entry_points={'console_scripts': ['from-source=from_source:main']})\n`;
  index.publish([{ name: 'wheel', debian: ['python3-wheel'] }, tiny('from-source', '0.3', { source: true, files: { 'setup.py': setup, 'c.c': C_MODULE, ...filesOf(tiny('from-source', '0.3')) } })]);
  const lacking = await world.repo('source', { 'hop3.toml': toml('from-source'), 'requirements.txt': index.lockFile('from-source') });
  const first = await lacking.push();
  assert.match(first.output, /from-source has no wheel for Python 3\.\d+ on \S+; its source is taken/);
  await lacking.edit('hop3.toml', (text) => `${text}${lineToPaste(first.output)}\n`);
  await lacking.commit('the hash');
  const refused = await lacking.push();
  assert.is(refused.code, 1, refused.output);
  assert.match(refused.output, /A package without a wheel is built from its source, and that needs setuptools\S*, which is not in the lock file\./);
  await lacking.commit('its tools', { 'requirements.txt': index.lockFile('from-source', 'setuptools', 'wheel'), 'hop3.toml': toml('from-source') });
  await pushTwice(lacking);
  assert.is((await world.get('source')).body, 'from-source 0.3');
  sameAgain(world, 'source', 'venv');
});

apps('what is no lock file is told as that', async ({ world, index }) => {
  const loose = await world.repo('loose', { 'hop3.toml': toml('tiny-web'), 'requirements.txt': `--index-url ${index.url}\ntiny-web==1.0\n` });
  const unhashed = await loose.push();
  assert.match(unhashed.output, 'Hashes are required in --require-hashes mode');
  assert.match(unhashed.output, 'The file of pip-requirements is no lock file: not every package in it has its version and its hash.');
  await loose.commit('the project itself', { 'requirements.txt': '-e .\n' });
  assert.match((await loose.push()).output, /The lock file has an entry that can have no hash[^]*uv export --no-emit-project/);
  await loose.commit('two files', { 'requirements.txt': '-r base.txt\n', 'base.txt': index.lockFile('tiny-web') });
  assert.match((await loose.push()).output, 'The lock file names another file (base.txt)');
  await loose.git('rm', '-q', 'requirements.txt');
  await loose.git('commit', '-q', '-m', 'none');
  assert.match((await loose.push()).output, /requirements\.txt is not in the pushed tree\.[^]*pip-compile --generate-hashes makes it/);
});

apps('a command that no package brings fails the build, with the names of those that there are', async ({ world, index }) => {
  const web = reopen(world, 'web');
  await web.edit('hop3.toml', (text) => text.replace('exec-target = "tiny-web"', 'exec-target = "gunicorn"'));
  await web.commit('another command');
  const pushed = await web.push();
  assert.is(pushed.code, 1, pushed.output);
  assert.match(pushed.output, 'exec-target: no package of the lock file brings the command gunicorn. There are: tiny-web.');
  assert.is((await world.get('web')).body, 'tiny-web 1.1', String(index.asked.length));
});

apps('pip-packages, the old form: told to make a lock file, and built from what the hash names', async ({ world, index }) => {
  const legacy = await world.repo('legacy', { 'hop3.toml': toml('tiny-web', `pip-packages = ["--index-url ${index.url}", "tiny-web>=1.0"]`) });
  const output = await pushTwice(legacy);
  assert.match(output, 'what these names stand for is decided when the hash is made');
  assert.match(output, 'pip-compile --generate-hashes -o requirements.txt requirements.in');
  assert.is((await world.get('legacy')).body, 'tiny-web 1.1');
});

const C_MODULE = `
#include <Python.h>
static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, "from_source_c", 0, -1, 0 };
PyMODINIT_FUNC PyInit_from_source_c(void) { return PyModule_Create(&module); }
`;

function canCompile(): boolean {
  const script = 'import os, shutil, sys, sysconfig; sys.exit(not (shutil.which("gcc") and os.path.exists(sysconfig.get_path("include") + "/Python.h")))';
  return spawnSync('/usr/bin/python3', ['-c', script]).status === 0;
}

/** Builds a part of an app's live release once more and compares the bytes. */
function sameAgain(world: World, app: string, part: 'venv' | 'app'): void {
  const path = readlinkSync(join(releaseOf(world, app), part));
  const deriver = spawnSync('nix-store', ['--query', '--deriver', path], { encoding: 'utf8' }).stdout.trim();
  const again = spawnSync('nix-store', ['--realise', '--check', deriver], { encoding: 'utf8' });
  assert.is(again.status, 0, again.stderr);
  assert.not.match(again.stderr, 'may not be deterministic');
}

function filesOf(wanted: Wanted): Readonly<Record<string, string>> {
  return 'files' in wanted ? wanted.files : {};
}

/** The store path of an app's live release. */
function releaseOf(world: World, app: string): string {
  const slot = readlinkSync(join(world.root, 'apps', app, 'current')).replace(/\/[^/]+$/, '');
  return readlinkSync(join(world.root, 'apps', app, slot, 'release'));
}

/** An app's working tree as an earlier test left it. */
function reopen(world: World, app: string): Repo {
  return new Repo(world, app, join(world.home, 'work', app));
}

if (nixAnswers() && pythonIsThere()) apps.run();
