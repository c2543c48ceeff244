// alone
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const install = suite('scripts/install.sh');

const run = (...args: string[]) => spawnSync('bash', ['scripts/install.sh', ...args], { encoding: 'utf8', timeout: 60_000 });

/** The text that a dry run says it would write to a file whose name ends so. */
function wouldWrite(output: string, name: string): string {
  const lines = output.split('\n');
  const start = lines.findIndex((line) => line.startsWith('       would write ') && line.includes(`${name} (mode`));
  assert.ok(start >= 0, `nothing about ${name} in:\n${output}`);
  const text = lines.slice(start + 1);
  const end = text.findIndex((line) => !line.startsWith('           '));
  return `${text.slice(0, end).map((line) => line.slice(11)).join('\n')}\n`;
}

const changed = () => ['/etc/hop3', '/opt/hop3', '/usr/local/bin/hop3', '/var/lib/hop3', '/etc/nix/nix.conf', '/etc/passwd', '/etc/group', '/etc/systemd/system/hop3.service']
  .map((path) => `${path} ${existsSync(path) ? statSync(path).mtimeMs : 'missing'}`);

install('says every step of a dry run and changes nothing', () => {
  const before = changed();
  const { stdout, stderr, status } = run('--with', 'nix', '--domain', 'apps.example.org', '--nixpkgs', 'host', '--dry-run');
  assert.is(status, 0, stderr);
  assert.equal(changed(), before);
  for (const step of ['-----> Tools', '-----> Building Hop3', '-----> Code: /opt/hop3/', '/usr/local/bin/hop3', '-----> State: /var/lib/hop3', 'Nothing was changed: this was a dry run.']) {
    assert.ok(stdout.includes(step), `"${step}" is missing in:\n${stdout}`);
  }
  if (!existsSync('/etc/hop3/hop3.env')) {
    const settings = wouldWrite(stdout, '/etc/hop3/hop3.env');
    assert.match(settings, /^HOP3_DOMAIN=apps\.example\.org$/m);
    assert.match(settings, /^HOP3_NIXPKGS=host$/m);
    assert.match(settings, /^HOP3_HTTP_LISTEN=0\.0\.0\.0:80$/m);
  }
});

install('without systemd it prints how to start by hand', () => {
  const { stdout } = run('--with', 'nix', '--dry-run');
  if (existsSync('/run/systemd/system')) assert.match(stdout, /would run: systemctl enable/);
  else assert.match(stdout, /Start it by hand.*\n +env -i .* setpriv --reuid hop3 .*--ambient-caps \+net_bind_service hop3 up --detach/);
});

install('its unit and the one of nix-daemon pass systemd-analyze verify', () => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
    console.log('skipped: systemd-analyze is not installed (package systemd)');
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'hop3-units-'));
  try {
    const unit = wouldWrite(run('--with', 'nix', '--dry-run').stdout, 'hop3.service');
    assert.match(unit, /^User=hop3$/m);
    assert.match(unit, /^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m);
    // The programs need not be installed here for their units to be right.
    writeFileSync(join(dir, 'hop3.service'), unit.replace('/usr/local/bin/hop3 up', `${process.execPath} up`));
    writeFileSync(join(dir, 'nix-daemon.service'), readFileSync('scripts/nix-daemon.service', 'utf8').replace('/usr/bin/nix-daemon', process.execPath));
    for (const name of ['hop3.service', 'nix-daemon.service']) {
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', join(dir, name)], { encoding: 'utf8', timeout: 60_000 });
      const words = verified.stderr.split('\n').filter((line) => line.includes(name));
      assert.equal(words, [], verified.stderr);
      assert.is(verified.status, 0, verified.stderr);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

install('refuses what it does not know, before it does anything', () => {
  const before = changed();
  for (const [args, words] of [
    [[], /Say what builds the apps: scripts\/install\.sh --with nix/],
    [['--with', 'docker'], /--with nix/],
    [['--with', 'nix', '--domian', 'x'], /unknown option --domian/],
    [['--with', 'nix', '--domain', 'a b\nHOP3_X=1'], /cannot be used as a value/],
  ] as const) {
    const { status, stderr } = run(...args);
    assert.is(status, 1);
    assert.match(stderr, words);
  }
  assert.equal(changed(), before);
});

install.run();
