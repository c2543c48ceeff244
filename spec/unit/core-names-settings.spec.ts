import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { caught } from '../caught.ts';
import { isStorePath, parseAppName, printable } from '../../src/names.ts';
import { formatAddress, readSettings, refusePlainHttp } from '../../src/settings.ts';

const test = suite('names and settings');

test('good app names', async () => {
  for (const name of ['a', 'shop', 'shop-2', 'a'.repeat(39)]) assert.is(parseAppName(name), name);
});

test('bad app names are refused, never repaired', async () => {
  for (const name of ['', '../x', 'A_b', 'a'.repeat(40), 'a'.repeat(64), '1a', '-a', 'a-', 'a--b', 'a.b', 'a b', 'ä', 'a\n']) {
    assert.is((await caught(() => parseAppName(name))).code, 'HOP3_APP_NAME', name);
  }
  assert.is((await caught(() => parseAppName('../x'))).what, '"../x" cannot be an app name.');
  assert.is((await caught(() => parseAppName('api'))).what, '"api" is reserved for Hop3 itself.');
});

test('a name cannot repaint the terminal that shows it', async () => {
  assert.is(printable('a\u001b[2Jb\n'), 'a\\u001b[2Jb\\u000a');
});

test('store paths', async () => {
  assert.ok(isStorePath('/nix/store/nqsrmgxgn5sisp5al4dwfaj9ij5nn67b-x'));
  assert.not(isStorePath('/nix/store/nqsrmgxgn5sisp5al4dwfaj9ij5nn67b-x/y'));
  assert.not(isStorePath('/nix/store/../etc-passwd'));
});

test('settings have defaults', async () => {
  const settings = readSettings({});
  assert.is(settings.root, '/var/lib/hop3');
  assert.is(formatAddress(settings.listen), '127.0.0.1:7000');
  assert.is(formatAddress(settings.httpListen), '127.0.0.1:8080');
  assert.is(settings.adminTokenFile, '/var/lib/hop3/admin.token');
  assert.equal(settings.nixpkgs, { kind: 'built-in' });
  assert.is(settings.allowUnsandboxedBuilds, false);
});

test('package sets', async () => {
  assert.equal(readSettings({ HOP3_NIXPKGS: 'host' }).nixpkgs, { kind: 'host' });
  assert.equal(readSettings({ HOP3_NIXPKGS: '/srv/nixpkgs/' }).nixpkgs, { kind: 'path', path: '/srv/nixpkgs' });
  const rev = 'a'.repeat(40);
  const sha256 = `sha256-${'A'.repeat(43)}=`;
  assert.equal(readSettings({ HOP3_NIXPKGS: `${rev}#${sha256}` }).nixpkgs, { kind: 'revision', rev, sha256 });
});

test('limits: what an app gets, and the most that it may ask for', () => {
  const { limits } = readSettings({ HOP3_LIMIT_MEMORY: '512M:2G', HOP3_LIMIT_CPU: 'none:4', HOP3_LIMIT_PROCESSES: 'none' });
  assert.equal(limits.memory, { standard: 512 * 1024 ** 2, most: 2 * 1024 ** 3 });
  assert.equal(limits.cpu, { standard: 4, most: 4 });
  assert.equal(limits.processes, { standard: null, most: null });
  assert.equal(readSettings({}).limits.processes, { standard: 1024, most: null });
});

test('a bad setting names itself, its value and what is allowed', async () => {
  const cases: [string, string][] = [
    ['HOP3_ROOT', 'relative'], ['HOP3_ROOT', '/with space'], ['HOP3_LISTEN', '7000'], ['HOP3_LISTEN', '127.0.0.1:99999'],
    ['HOP3_DOMAIN', 'Bad_Domain'], ['HOP3_NIXPKGS', 'latest'], ['HOP3_BUILD_TIMEOUT', '-1'], ['HOP3_BUILD_TIMEOUT', '1e3'],
    ['HOP3_WORKER_PORTS', '80-90'], ['HOP3_ALLOW_UNSANDBOXED_BUILDS', 'yes'], ['HOP3_LIMIT_MEMORY', '512'], ['HOP3_LIMIT_CPU', 'all'], ['HOP3_LIMIT_PROCESSES', '1:2:3'], ['HOP3_EVAL_MEMORY', '1M'],
  ];
  for (const [name, value] of cases) {
    const error = await caught(() => readSettings({ [name]: value }));
    assert.is(error.code, 'HOP3_SETTING');
    assert.is(error.what, `${name}=${value} cannot be used.`);
    assert.ok(error.next);
  }
});

test('plain HTTP is for loopback, unless somebody says otherwise; a certificate opens every address', () => {
  for (const listen of ['127.0.0.1:7000', '127.1.2.3:7000', 'localhost:7000', '[::1]:7000']) refusePlainHttp(readSettings({ HOP3_LISTEN: listen }));
  for (const listen of ['0.0.0.0:7000', '[::]:7000', '10.0.0.1:7000', '[::ffff:127.0.0.1]:7000', '1270.0.0.1:7000']) {
    assert.throws(() => refusePlainHttp(readSettings({ HOP3_LISTEN: listen })), /can be reached from other machines/, listen);
    refusePlainHttp(readSettings({ HOP3_LISTEN: listen, HOP3_ALLOW_PLAIN_HTTP: '1' }));
    refusePlainHttp(readSettings({ HOP3_LISTEN: listen, HOP3_TLS_CERT: '/a', HOP3_TLS_KEY: '/b' }));
  }
});

test.run();
