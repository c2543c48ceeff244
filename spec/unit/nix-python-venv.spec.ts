import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixFailure } from '../../src/nix/nix-failure.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';

const HASH = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
const LOCKED = { 'pip-requirements': 'requirements.txt', 'exec-target': 'gunicorn' };

const rendered = (keys: Record<string, unknown> = LOCKED, more: { tree?: 'beside' | 'around'; unsandboxed?: boolean; app?: string; version?: string } = {}) =>
  renderTemplate(configWith('python-venv', keys, { version: more.version ?? null }), more.app ?? 'shop', more.tree, more.unsandboxed);
const text = (keys: Record<string, unknown> = {}, more = {}) => rendered({ ...LOCKED, ...keys }, more).expression;

/** The part of the expression that makes this binding. */
function binding(expression: string, name: string): string {
  const from = expression.indexOf(`\n  ${name} = `);
  if (from < 0) throw new Error(`no ${name} in:\n${expression}`);
  const end = expression.slice(from + 1).search(/;\n\n|;\nin\n/);
  return expression.slice(from + 1, from + 1 + end);
}

const venv = suite('nix: python-venv');

venv('the wheels depend on the lock file alone, and their name changes with it and with the Python', () => {
  const expression = text();
  assert.match(expression, '\n  hop3_requirements = builtins.path { name = "requirements.txt"; path = (./. + "/source/requirements.txt"); };');
  const wheels = binding(expression, 'hop3_wheels');
  assert.not.match(wheels, './source', 'nothing else of the tree is in it');
  assert.match(expression, 'name = "shop-wheels" + "-py${hop3_python.pythonVersion}-${builtins.substring 0 8 (builtins.hashFile "sha256" hop3_requirements)}";');
  assert.match(text({}, { tree: 'around' }), 'path = (./. + "/requirements.txt")');
});

venv('pip takes wheels only, checks each hash, and everything is under one hash', () => {
  const expression = text({ 'pip-deps-hash': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' });
  assert.match(expression, /pip download --require-hashes --only-binary=:all: /);
  assert.match(expression, `outputHashMode = "recursive";\n    outputHashAlgo = "sha256";\n    outputHash = "${HASH}";`);
  assert.match(expression, 'impureEnvVars = pkgs.lib.fetchers.proxyImpureEnvVars ++');
  assert.match(expression, 'install --no-index --find-links ${hop3_wheels} --no-deps');
});

venv('without the hash the expression holds one that nothing has, and the push knows whose it is', () => {
  const { expression, hashes } = rendered();
  assert.match(expression, 'outputHash = pkgs.lib.fakeHash;');
  assert.equal(hashes, [{ derivation: 'shop-wheels', key: 'pip-deps-hash', given: false }]);
  assert.equal(rendered({ ...LOCKED, 'pip-deps-hash': HASH }).hashes, [{ derivation: 'shop-wheels', key: 'pip-deps-hash', given: true }]);
});

venv('only where the operator allows it, packages of no lock file and no hash come from outside the sandbox', () => {
  const loose = { 'exec-target': 'gunicorn', 'pip-packages': ['gunicorn>=21'] };
  const open = rendered(loose, { unsandboxed: true });
  assert.match(open.expression, '__noChroot = true;');
  assert.not.match(open.expression, 'outputHash');
  assert.equal(open.hashes, []);
  assert.match(open.notices.join('\n'), 'fetched outside the sandbox');
  assert.not.match(rendered(loose).expression, '__noChroot');
  for (const keys of [LOCKED, { ...LOCKED, 'pip-deps-hash': HASH }, { ...loose, 'pip-deps-hash': HASH }]) {
    assert.is(rendered(keys, { unsandboxed: true }).expression, rendered(keys).expression);
  }
});

venv('the virtual environment is no fixed output, and its commands and the app are found without a path', () => {
  const expression = text();
  assert.not.match(binding(expression, 'hop3_venv'), 'outputHash');
  assert.match(expression, '    PYTHONPATH = "${hop3_app}";\n    PYTHONUNBUFFERED = "1";');
  assert.match(expression, 'path = [\n      "${placeholder "out"}/bin"\n      "${hop3_venv}/bin"\n    ];');
  assert.match(text({ 'runtime-env': { PYTHONPATH: '/srv', PYTHONUNBUFFERED: '', ZONE: 'x' } }), '    PYTHONPATH = "/srv";\n    PYTHONUNBUFFERED = "";\n    ZONE = "x";');
});

venv('VENVBIN and APPDIR stand for directories, $VENVBIN stays the shell\'s, and $out has venv and app', () => {
  const expression = text({ 'pre-exec': ['VENVBIN/python APPDIR/seed.py "$VENVBIN"'], 'extra-paths': ['$out/venv/bin'], 'exec-args': ['-c', 'APPDIR/conf.py', 'app:app', '"$PORT"'] });
  assert.match(expression, '"${hop3_venv}/bin/python ${hop3_app}/seed.py \\"$VENVBIN\\""');
  assert.match(expression, '"exec ${hop3_venv}/bin/gunicorn -c ${hop3_app}/conf.py app:app \\"$PORT\\""');
  assert.match(expression, '"${placeholder "out"}/venv/bin"');
  assert.match(expression, 'ln -s \\"${hop3_venv}\\" \\"$out/venv\\"');
  assert.match(expression, 'ln -s \\"${hop3_app}\\" \\"$out/app\\"');
});

venv('names that Nix may expand: the environment, the app, Python, and the id for the environment', () => {
  const expression = text({ 'runtime-env': { A: '${shop_api}/bin', B: '${app}/static', C: '${python}/lib', D: '${venv}' } }, { app: 'shop-api' });
  for (const line of ['app = hop3_app;', 'pkg = hop3_venv;', 'python = hop3_python;', 'shop_api = hop3_venv;', 'venv = hop3_venv;']) assert.match(expression, `\n  ${line}\n`);
  assert.match(expression, 'B = "${app}/static";');
});

venv('a command that is not in the environment is found at the build; its name is quoted', () => {
  assert.match(text(), '[ -x \\"${hop3_venv}\\"/bin/gunicorn ] || {');
  assert.match(text({ 'exec-target': "it's $(x)" }), "/bin/'it'\\\\''s $(x)'");
});

venv('libraries that wheels load by name come from runtime libraries, or from what wheels may count on', () => {
  const expression = text({ 'nix-runtime-libs': ['postgresql.lib', 'pkgs.krb5.lib'] });
  assert.match(expression, 'export LD_LIBRARY_PATH=\\"${pkgs.postgresql.lib}/lib:${pkgs.krb5.lib}/lib\\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\\"');
  assert.match(expression, 'nativeBuildInputs = [ hop3_python pkgs.autoPatchelfHook ];');
  assert.match(expression, 'autoPatchelfIgnoreMissingDeps = [ "*" ];');
});

venv('runtime-package is the Python of all three steps', () => {
  assert.match(text({ 'runtime-package': 'pkgs.python312' }), '\n  hop3_python = pkgs.python312;');
  assert.match(text(), '\n  hop3_python = pkgs.python3;');
});

venv('a writable copy of the app comes before its own files', () => {
  const expression = text({ 'writable-home-at-runtime': true, 'pre-exec': ['touch APPDIR/x'] });
  assert.match(expression, '"export PYTHONPATH=\\"$HOME_DIR\\${PYTHONPATH:+:$PYTHONPATH}\\""');
  assert.match(expression, '"touch $HOME_DIR/x"');
});

venv('the app may be an archive, a part of it, and files of the tree in it', () => {
  const keys = { url: 'https://example.org/app-${version}.tar.gz', sha256: HASH, 'source-root': 'app-${version}', 'strip-components': 0, 'install-files': ['conf/own.py'] };
  const { expression, hashes } = rendered({ ...LOCKED, ...keys }, { version: '2.1' });
  assert.match(expression, 'tar -xf \\"$src\\" -C source --no-same-owner --strip-components=0');
  assert.match(expression, 'mv source/app-2.1 \\"$out\\"');
  assert.match(expression, /cp -rT? \$\{builtins\.path .*conf\/own\.py.*\} \\"\$out\\"\/\.\/conf\/own\.py/);
  assert.equal(hashes.map(({ key }) => key), ['sha256', 'pip-deps-hash']);
});

venv('source-root is the way as the archive has it, as in every other template; a directory that is not there is told', () => {
  const archive = { url: 'https://example.org/app.tar.gz', sha256: HASH };
  assert.match(text({ ...archive, 'source-root': 'app-2/src' }), '--strip-components=0');
  assert.match(text({ ...archive, 'source-root': 'app-2/src' }), 'error: [nix] source-root: the source has no directory app-2/src. It has:');
  assert.match(text(archive), '--strip-components=1');
  assert.match(text({ ...archive, 'strip-components': 2, 'source-root': 'src' }), '--strip-components=2');
});

venv('pip-packages: told to make a lock file, and under a hash where there is one', () => {
  const { expression, notices, hashes } = rendered({ 'exec-target': 'x', 'pip-packages': ['app==2.1', 'gunicorn>=21.0', "weird ''${x}\""] });
  assert.match(expression, 'builtins.toFile "requirements.txt" "app==2.1\\ngunicorn>=21.0\\nweird \'\'\\${x}\\"\\n"');
  assert.not.match(expression, '--require-hashes');
  assert.not.match(expression, 'hashFile', 'restricted evaluation may not read what toFile wrote');
  assert.match(notices.join('\n'), 'pip-compile --generate-hashes -o requirements.txt requirements.in, or: uv export --no-emit-project -o requirements.txt');
  assert.is(hashes[0]!.given, false);
  const both = rendered({ ...LOCKED, 'pip-packages': ['gunicorn'] });
  assert.match(both.notices.join('\n'), 'ignored: [nix] pip-packages');
  assert.is(both.expression, rendered().expression);
});

venv('what is missing is told with what to do', async () => {
  const lock = await caught(() => rendered({ 'exec-target': 'gunicorn' }));
  assert.is(lock.code, 'HOP3_TEMPLATE_FIELD');
  assert.match(lock.message, 'needs [nix] pip-requirements');
  assert.match(lock.next!, 'uv export');
  assert.match((await caught(() => rendered({ 'pip-requirements': 'requirements.txt' }))).message, 'exec-target');
  assert.match((await caught(() => rendered({ ...LOCKED, 'pip-requirements': '../requirements.txt' }))).message, '[nix] pip-requirements');
  assert.match((await caught(() => rendered({ ...LOCKED, 'runtime-package': 'python3.withPackages (p: [])' }))).message, 'runtime-package');
});

venv('same input, same bytes', () => {
  const keys = { ...LOCKED, 'runtime-env': { B: '1', A: '2' }, 'pip-deps-hash': HASH };
  assert.is(rendered(keys).expression, rendered(structuredClone(keys)).expression);
});

venv.run();

const failures = suite('nix: what pip says when a push fails');
const END = "error: builder for '/nix/store/fkbna9adzx9h7iqnf7zxvhi8dn4b14fg-shop-wheels-py3.11-377e6580.drv' failed with exit code 1";

function told(lines: readonly string[], last = END) {
  return nixFailure({
    finished: { code: 100, signal: null }, lines: [...lines, 'error: installPhase failed with exit code 1', last], building: true, location: null, packageSet: 'spec', hashes: [],
    settings: { root: '/', buildTimeout: 1, buildSilence: 1, evalTimeout: 1, allowUnsandboxedBuilds: false },
  });
}

const NO_MATCH = ['ERROR: Could not find a version that satisfies the requirement numpy==2.0 (from versions: none)', 'ERROR: No matching distribution found for numpy==2.0'];

failures('a wheel for another Python, with the one that there is', () => {
  const error = told([...NO_MATCH, "numpy-2.0-cp39-cp39-win_amd64.whl: none of the wheel's tags (cp39-cp39-win_amd64) are compatible"]);
  assert.is(error.code, 'HOP3_BUILD_WHEEL');
  assert.is(error.what, 'numpy==2.0 has no wheel for Python 3.11 on this system. The index has numpy-2.0-cp39-cp39-win_amd64.whl, for example.');
  assert.match(error.next!, 'runtime-package');
});

failures('a package that the index has not is another cause, and an index that does not answer a third', () => {
  assert.is(told(NO_MATCH).what, 'The package index has no numpy==2.0 that Python 3.11 can use.');
  const offline = told(["WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('x: Failed to establish a new connection')': /simple/numpy/", ...NO_MATCH]);
  assert.match(offline.what, 'The package index could not be reached');
  assert.match(offline.next!, 'PIP_INDEX_URL');
});

failures('a build tool that the lock file lacks', () => {
  const error = told(['      ERROR: No matching distribution found for setuptools>=40.8.0', '      [end of output]'], "error: builder for '/nix/store/fkbna9adzx9h7iqnf7zxvhi8dn4b14fg-shop-venv.drv' failed with exit code 1");
  assert.match(error.what, 'that needs setuptools>=40.8.0, which is not in the lock file');
});

failures('an entry that can have no hash, a second file, a changed file', () => {
  assert.match(told(['ERROR: The editable requirement file:///build cannot be installed when requiring hashes, because there is no single file to hash.']).next!, 'uv export --no-emit-project');
  assert.match(told(["ERROR: Could not open requirements file: [Errno 2] No such file or directory: '/nix/store/base.txt'"]).what, 'The lock file names another file (base.txt)');
  const changed = told(['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you', '    click==8.1.3 from http://127.0.0.1/click.whl#sha256=7f (from -r x):', '        Expected sha256 42', '             Got        7f']);
  assert.is(changed.what, 'The package index has another file for click==8.1.3 than the lock file says.');
});

failures.run();
