import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HostWorld, read } from './host-world.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { pythonIsThere, PythonIndex } from './python-index.ts';

await asOrdinaryUser(import.meta.url);

const python = suite<{ world: HostWorld; index: PythonIndex }>('the host package set: Python, pip and virtual environments');

python.before(async (context) => {
  context.index = new PythonIndex();
  await context.index.start();
  context.index.publish([{ name: 'greet', version: '1.0', files: { 'greet.py': 'def main():\n    print("hello from a wheel")\n' }, commands: { greet: 'greet:main' } }]);
});
python.after(({ index }) => index.stop());
python.before.each((context) => { context.world = new HostWorld(); });
python.after.each(({ world }) => world.end());

/** The wheels of the index under this hash, as a Nix expression. */
const wheels = (index: PythonIndex, hash: string) => `pkgs.stdenv.mkDerivation {
  name = "greet-wheels-\${salt}";
  outputHashMode = "recursive"; outputHashAlgo = "sha256"; outputHash = ${hash};
  impureEnvVars = lib.fetchers.proxyImpureEnvVars;
  PIP_CERT = "\${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt"; PIP_CONFIG_FILE = "/dev/null"; PIP_DISABLE_PIP_VERSION_CHECK = "1";
  dontUnpack = true; dontFixup = true;
  installPhase = ''
    export HOME="$TMPDIR"
    \${pkgs.python3.pkgs.pip}/bin/pip download --only-binary=:all: --require-hashes --dest "$out" --requirement \${pkgs.writeText "requirements.txt" ''${index.lockFile('greet')}''}
  '';
}`;

python('pip is a package, under both of the names that nixpkgs has for it', async ({ world }) => {
  const built = await world.build('pkgs.runCommand "pip-${salt}" { } "${pkgs.python3.pkgs.pip}/bin/pip --version > $out; ${pkgs.python3Packages.pip}/bin/pip --version >> $out"');
  const lines = read(built).trim().split('\n');
  assert.is(lines.length, 2);
  for (const line of lines) assert.match(line, /^pip \d+\.\d+\S* from /);
});

python('what pip downloads is a fixed output: a fake hash prints the right one, and with it the build goes on without the network', async ({ world, index }) => {
  const first = await world.build(wheels(index, 'lib.fakeHash'));
  assert.is.not(first.code, 0);
  const got = /got:\s+(sha256-\S+)/.exec(first.log)?.[1];
  assert.ok(got, first.log);
  const venv = `pkgs.stdenv.mkDerivation {
    name = "greet-venv-\${salt}"; dontUnpack = true; dontPatchShebangs = true;
    installPhase = ''
      \${pkgs.python3.interpreter} -m venv --without-pip "$out"
      \${pkgs.python3.pkgs.pip}/bin/pip --python "$out/bin/python3" install --no-index --no-cache-dir --find-links \${${wheels(index, `"${got}"`)}} greet==1.0
      "$out/bin/greet" > "$out/said"
      "$out/bin/python3" -c 'import flask' || echo "no Flask of the distribution's" >> "$out/said"
    '';
  }`;
  const built = await world.build(venv);
  assert.is(read(built, 'said'), "hello from a wheel\nno Flask of the distribution's\n");
  const again = await world.buildFile('--check');
  assert.is(again.code, 0, again.log);
});

python('another Python than the machine has is told at the build', async ({ world }) => {
  const built = await world.build('pkgs.runCommand "other-${salt}" { } "${pkgs.python39.interpreter} --version > $out"');
  assert.is.not(built.code, 0);
  assert.match(built.log, /error: the host package set has no python39: this machine's Python is 3\.\d+, and its modules are for that one; use python3, or a real nixpkgs/);
});

const LIBRARIES: readonly (readonly [attribute: string, file: string, apt: string])[] = [
  ['postgresql.lib', 'libpq.so.5', 'libpq5'],
  ['krb5.lib', 'libkrb5.so.3', 'libgssapi-krb5-2'],
  ['stdenv.cc.cc.lib', 'libstdc++.so.6', 'libstdc++6'],
  ['zlib', 'libz.so.1', 'zlib1g'],
];
for (const [attribute, file, apt] of LIBRARIES) {
  python(`pkgs.${attribute} has ${file}, or says what to install`, async ({ world }) => {
    const built = await world.build(`pkgs.runCommand "library-\${salt}" { } "mkdir $out; cp -L \${pkgs.${attribute}}/lib/${file} $out/"`);
    const directory = readdirSync('/usr/lib').find((name) => existsSync(join('/usr/lib', name, file)));
    if (directory === undefined) assert.match(built.log, `apt-get install ${apt}, or use a real nixpkgs (this machine has no library ${file})`);
    else assert.ok(existsSync(join(built.path, file)), built.log);
  });
}

if (nixAnswers() && pythonIsThere()) python.run();
