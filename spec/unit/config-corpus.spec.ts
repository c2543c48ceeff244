import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/config/read.ts';

const test = suite('real hop3.toml files');

// The spec runner names the place when there is one.
const corpus = process.env['HOP3_CORPUS'] ?? '';
if (!existsSync(corpus)) console.log('skipped: HOP3_CORPUS names no folder of example applications');

for (const app of existsSync(corpus) ? readdirSync(corpus) : []) {
  test(`${app} is read unchanged`, async () => {
    const dir = join(corpus, app);
    const config = await readConfig(dir);
    const written = readFileSync(join(dir, 'hop3.toml'), 'utf8');
    const template = /^template = "(.*)"$/m.exec(written)?.[1];
    assert.ok(template);
    assert.is(config.nix?.template, template);
    assert.is(config.metadata.id, app);
    assert.is(config.builder, 'nix');
    assert.is(config.addons.length, written.split('[[addons]]').length - 1);
    // All that is said of these files is that something has no effect, or is an old way to write it.
    for (const notice of config.notices) assert.match(notice, /^ignored: .* \(not supported\)$|pip-packages is an old key/);
    // A release keeps its configuration as JSON.
    assert.equal(JSON.parse(JSON.stringify(config)), config);
  });
}

if (existsSync(corpus)) {
  test('wordpress: keys that are made once, and the admin mapped to the installer', async () => {
    const config = await readConfig(join(corpus, 'wordpress'));
    assert.is(Object.keys(config.generated).length, 8);
    assert.equal(config.generated['AUTH_KEY'], { generate: 'base64', length: 64, prefix: '', display: false });
    assert.equal(config.env, { WP_DEBUG: 'false', WP_TITLE: 'WordPress' });
    assert.equal(config.computed, { WP_ADMIN_USER: '${HOP3_ADMIN_USER}', WP_ADMIN_EMAIL: '${HOP3_ADMIN_EMAIL}', WP_ADMIN_PASSWORD: '${HOP3_ADMIN_PASSWORD}' });
    assert.is(config.admin?.email, 'operator');
    assert.is(config.healthcheck?.path, '/wp-login.php');
    assert.equal(config.nix?.keys['install-files'], ['wp-config.php', 'wp-install.php']);
  });

  test('texts arrive to the letter: shell, PHP, and lines of several lines', async () => {
    const wiki = await readConfig(join(corpus, 'wiki-js'));
    assert.match((wiki.nix!.keys['pre-exec'] as string[])[1]!, /^# Symlink[^\n]*\nfor item in server .*\n {2}if \[ -e APPDIR\/\$item \]/);
    const miniflux = await readConfig(join(corpus, 'miniflux'));
    assert.match((miniflux.nix!.keys['env-exports'] as Record<string, string>)['ADMIN_PASSWORD']!, /^\$\{ADMIN_PASSWORD:\?miniflux: .* — refusing/);
    const jenkins = await readConfig(join(corpus, 'jenkins'));
    assert.equal(jenkins.nix?.keys['exec-args'], ['--httpPort="${PORT:-8080}"', '"$@"']);
    const forgejo = await readConfig(join(corpus, 'forgejo'));
    const [file] = forgejo.nix!.keys['config-files'] as { sections: Record<string, Record<string, string>> }[];
    assert.is(file!.sections['security']!['SECRET_KEY'], '$(head -c 32 /dev/urandom | base64)');
  });
}

test.run();
