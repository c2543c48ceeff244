import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../src/config/parse.ts';

const test = suite('what a configuration means');

const parse = (text: string, procfile: string | null = null) => parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile });

test('no file at all is a configuration', () => {
  assert.equal(parseConfig({ hop3Toml: null, procfile: null }), {
    file: null,
    metadata: { id: null, version: null, title: null, description: null },
    builder: 'auto',
    run: { start: null, beforeRun: null, startTimeout: 60 },
    processes: {}, env: {}, generated: {}, computed: {}, envPolicy: 'keep-existing',
    admin: null, healthcheck: null, domains: [], domainsPolicy: 'keep-existing', addons: [], ports: [], cron: [], limits: { memory: null, cpu: null, processes: null }, nix: null, notices: [],
  });
});

test('an empty file differs only in its name', () => assert.is(parse('').file, 'hop3.toml'));

test('[run] start is the web process; a list of commands before it is joined', () => {
  const { run, processes } = parse('[run]\nstart = "./serve"\nbefore-run = ["./migrate", "./seed"]\nstart-timeout = 5');
  assert.equal(run, { start: './serve', beforeRun: './migrate && ./seed', startTimeout: 5 });
  assert.equal(processes, { web: './serve' });
});

test('an empty list of commands is no command', () => assert.is(parse('[run]\nbefore-run = []').run.beforeRun, null));

test('hop3.toml wins over the Procfile key by key, and says so', () => {
  const { run, processes, notices } = parse('[run]\nstart = "toml"', 'web: procfile\nworker: work\nrelease: migrate\n');
  assert.equal(processes, { web: 'toml', worker: 'work' });
  assert.is(run.beforeRun, 'migrate');
  assert.equal(notices, ['Procfile:1:1: "web" is not used: [run] start in hop3.toml wins.']);
  assert.equal(parse('[run]\nbefore-run = "x"', 'release: y').notices, ['Procfile:1:1: this command is not used: [run] before-run in hop3.toml wins.']);
});

test('numbers and truth values become the text that was written', () => {
  const { env } = parse('[env]\nVERSION = 1.10\nBIG = 1_000_000\nHEX = 0x1f\nEXP = 1e3\nNEGATIVE = -2\nFLAG = true\nTEXT = "1.10"\nDAY = 2024-01-01');
  assert.equal(env, { VERSION: '1.10', BIG: '1000000', HEX: '31', EXP: '1000', NEGATIVE: '-2', FLAG: 'true', TEXT: '1.10', DAY: '2024-01-01' });
});

test('generated values know their lengths', () => {
  const { generated, env } = parse(`[env]
    A = { generate = "hex" }
    B = { generate = "password" }
    C = { generate = "base64", length = 64, prefix = "base64:", display = true }
    D = { generate = "uuid" }`);
  assert.equal(env, {});
  assert.equal(generated, {
    A: { generate: 'hex', length: 32, prefix: '', display: false },
    B: { generate: 'password', length: 24, prefix: '', display: false },
    C: { generate: 'base64', length: 64, prefix: 'base64:', display: true },
    D: { generate: 'uuid', length: 36, prefix: '', display: false },
  });
});

test('computed values stay unexpanded and win over literal ones', () => {
  const { env, computed, generated } = parse('[env]\n_policy = "override"\nA = "x"\nB = { generate = "hex" }\n[env.computed]\nA = "${B}"\nB = 1.50');
  assert.equal([env, generated, computed], [{}, {}, { A: '${B}', B: '1.50' }]);
  assert.is(parse('[env]\n_policy = "override"').envPolicy, 'override');
});

test('[admin] has a user name and a password to be made', () => {
  const password = { generate: 'password', length: 24, prefix: '', display: false };
  assert.equal(parse('[admin]').admin, { username: 'admin', email: null, password, create: null });
  assert.equal(parse('[admin]\nusername = "root"\nemail = "operator"\npassword = { generate = "password", length = 20 }').admin,
    { username: 'root', email: 'operator', password: { ...password, length: 20 }, create: null });
  assert.is(parse("[admin]\ncreate = '''\nset -eu\nmake it\n'''").admin?.create, 'set -eu\nmake it\n');
  assert.is(parse('[admin]\ncreate = ["one", "two"]').admin?.create, 'one && two');
});

test('[healthcheck] has defaults', () => {
  assert.equal(parse('[healthcheck]').healthcheck, { path: '/', timeout: 5, interval: 30, contains: null });
  assert.equal(parse('[healthcheck]\ninterval = 7').healthcheck?.interval, 7);
  assert.equal(parse('[healthcheck]\ninterval = 7').notices, []);
  assert.equal(parse('[healthcheck]\npath = "/up?x=1"\ntimeout = 2\ncontains = "ok"').healthcheck, { path: '/up?x=1', timeout: 2, interval: 30, contains: 'ok' });
});

test('domains are lower-case', () => assert.equal(parse('[domains]\nlist = ["Shop.Example", "xn--bcher-kva.example"]').domains, ['shop.example', 'xn--bcher-kva.example']));
test('"_" alone is a domain', () => assert.equal(parse('[domains]\nlist = ["_"]').domains, ['_']));

test('addons and their old name', () => {
  assert.equal(parse('[[addons]]\ntype = "postgres"\nextensions = ["uuid-ossp"]\n[[provider]]\ntype = "redis"\nname = "cache"').addons, [
    { type: 'postgres', name: null, extensions: ['uuid-ossp'] }, { type: 'redis', name: 'cache', extensions: [] },
  ]);
});

test('[limits] are bytes, cores and a number', () => {
  assert.equal(parse('[limits]\nmemory = "1.5G"\ncpu = 0.5\nprocesses = 64').limits, { memory: 1.5 * 1024 ** 3, cpu: 0.5, processes: 64 });
  assert.equal(parse('[limits]\nmemory = "512MiB"').limits, { memory: 512 * 1024 ** 2, cpu: null, processes: null });
});

test('a port for both protocols', () => {
  assert.equal(parse('[[ports]]\nnumber = 53\n[[ports]]\nnumber = 53\nprotocol = "udp"\nname = "dns"').ports, [
    { number: 53, protocol: 'tcp', name: null }, { number: 53, protocol: 'udp', name: 'dns' },
  ]);
});

test('[nix] stays as written, but for text where text is meant', () => {
  const { nix } = parse(`[nix]
    template = "nixpkgs-wrapper"
    nixpkgs-package = "pkgs.radicale"
    strip-components = 2
    nixpkgs-overrides = { withX = false }
    [nix.env-exports]
    PORT = "\${PORT:-8080}"
    DEBUG = 0
    RATE = 1.50
    [[nix.conditional-env]]
    name = "A"
    value = true
    [[nix.config-files]]
    path = "a.txt"
    raw-content = "x"
    [[nix.config-files]]
    path = "a.ini"
    format = "ini"
    sections.server.port = 80
    sections."a b"."c.d" = "x"`);
  assert.equal(nix, {
    template: 'nixpkgs-wrapper',
    keys: {
      'nixpkgs-package': 'pkgs.radicale',
      'strip-components': 2,
      'nixpkgs-overrides': { withX: 'false' },
      'env-exports': { PORT: '${PORT:-8080}', DEBUG: '0', RATE: '1.50' },
      'conditional-env': [{ 'condition-var': 'A', name: 'A', value: 'true' }],
      'config-files': [
        { format: 'raw', path: 'a.txt', 'raw-content': 'x' },
        { format: 'ini', path: 'a.ini', sections: { server: { port: '80' }, 'a b': { 'c.d': 'x' } } },
      ],
    },
  });
});

test('a byte order mark and CRLF are no problem', () => assert.equal(parse('\ufeff[env]\r\nA = "x"\r\n').env, { A: 'x' }));

test('messages name the place that was read', () => {
  assert.throws(
    () => parseConfig({ hop3Toml: { path: 'src/hop3.toml', text: 'a' }, procfile: null }),
    (error: Error) => error.message.startsWith('src/hop3.toml:1:2: "=" should follow the key "a"'),
  );
});

test.run();
