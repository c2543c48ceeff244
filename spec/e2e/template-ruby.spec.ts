// limit: 400
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GemServer, rubyAnswers, type Gem } from './gem-server.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { exec, type Repo, World } from './world.ts';

await asOrdinaryUser(import.meta.url);

/** Stand-ins for the example's gems, of the versions in its lock file: enough of Rack to run its config.ru. */
const RACK: Gem = { name: 'rack', version: '3.2.6', files: { 'lib/rack.rb': 'module Rack\n  RELEASE = "3.2.6"\nend\n' } };
const WEBRICK: Gem = {
  name: 'webrick', version: '1.9.2',
  files: {
    'lib/webrick.rb': `require "socket"
module WEBrick
  def self.serve(host, port, app)
    server = TCPServer.new(host, port)
    loop do
      client = server.accept
      path = client.gets.to_s.split[1].to_s
      while (line = client.gets) && line != "\\r\\n"; end
      status, headers, body = app.call("PATH_INFO" => path.split("?").first)
      text = body.join
      head = headers.merge("content-length" => text.bytesize, "connection" => "close").map { |name, value| "#{name}: #{value}\\r\\n" }
      client.write("HTTP/1.1 #{status} OK\\r\\n#{head.join}\\r\\n#{text}")
      client.close
    end
  end
end
`,
  },
};
const RACKUP: Gem = {
  name: 'rackup', version: '2.3.1', dependencies: { rack: '>= 3' }, executables: ['rackup'],
  files: {
    'bin/rackup': `#!/usr/bin/env ruby
require "rack"
require "webrick"
options = { "--host" => "127.0.0.1" }
options[ARGV.shift] = ARGV.shift while ARGV.first.to_s.start_with?("--")
file = ARGV.first || "config.ru"
$stdout.sync = true
puts "rackup #{options["--env"]} in #{Dir.pwd}, without #{ENV["BUNDLE_WITHOUT"]}"
builder = Object.new
def builder.run(app) = @app = app
def builder.app = @app
builder.instance_eval(File.read(file), file)
WEBrick.serve(options["--host"], Integer(options["--port"]), builder.app)
`,
  },
};
const LOCKED = ['rack 3.2.6', 'rackup 2.3.1', 'webrick 1.9.2', 'development:rake 13.3.1'];

interface Context { world: World; gems: GemServer }
const test = suite<Context>('ruby-bundler: a push of gems and an app');
test.before(async (context) => {
  context.gems = await GemServer.start(RACK, WEBRICK, RACKUP);
  context.world = await World.start();
});
test.after(async ({ world, gems }) => {
  await world.stop();
  await gems.stop();
});

/** The example as it is, but for where its gems come from. */
async function example({ world, gems }: Context, app: string): Promise<Repo> {
  const repo = await world.repo(app, 'test-apps-nix/ruby-rack');
  await repo.commit('gems of the spec', { 'gemset.nix': gems.gemset(...LOCKED) });
  return repo;
}

test('the example is pushed: gems fetched under their hashes, none of the development group, and it answers', async (context) => {
  const { world, gems } = context;
  const repo = await example(context, 'rack');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'remote: -----> Template mode: ruby-bundler (tier 2: ');
  assert.match((await world.get('rack')).body, /^Hello from Ruby, this is v1\n$/);
  assert.is((await world.get('rack', '/gems')).body.split('\n').filter((line) => /^(rack|rackup|webrick|rake) /.test(line)).join(), 'rack 3.2.6,rackup 2.3.1,webrick 1.9.2');
  assert.not.ok(gems.asked.some((name) => name.startsWith('rake')), gems.asked.join());
  const logs = await world.hop3('logs', '--app', 'rack');
  assert.match(logs.stdout, 'without development:test');
});

test('a change of the app builds no gem anew', async (context) => {
  const repo = await example(context, 'changed');
  assert.is((await repo.push()).code, 0);
  const asked = context.gems.asked.length;
  await repo.edit('config.ru', (text) => text.replace('from Ruby', 'once more'));
  await repo.commit('a change');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match((await context.world.get('changed')).body, 'Hello once more');
  assert.not.match(pushed.stderr, /building '.*(rackup|changed-gems|ruby-rack-gems)/);
  assert.is(context.gems.asked.length, asked);
});

test('Bundler runs it out of a writable copy, with rake in pre-exec, a gem of the tree, and the .ruby-version that Gemfile reads', async (context) => {
  const repo = await example(context, 'rails-like');
  const { world, gems } = context;
  gems.add({ name: 'rake', version: '13.3.1', executables: ['rake'], files: { 'bin/rake': '#!/usr/bin/env ruby\nFile.write("migrated", "#{ARGV.join} in #{ENV.fetch("APP_HOME")}\\n")\n' } });
  await repo.edit('Gemfile', (text) => text.replace('group :development do', 'if File.read(File.expand_path(".ruby-version", __dir__)) == "3.4.9\\n" then group :production do').replace(/end\n$/, 'end end\ngem "shout", path: "engines/shout"\n'));
  await repo.edit('Gemfile.lock', (text) => `PATH\n  remote: engines/shout\n  specs:\n    shout (0.1)\n\n${text.replace('  webrick (~>', '  shout!\n  webrick (~>')}`);
  const shout = '  shout = { groups = [ "default" ]; platforms = [ ]; version = "0.1"; source = { type = "path"; path = ./engines/shout; }; };\n';
  await repo.edit('hop3.toml', (text) => text
    .replace('exec-target = "rackup"\n', 'exec-target = "bundle"\nwritable-home-at-runtime = true\nwritable-home-env-var = "APP_HOME"\npre-exec = ["bundle exec rake db:migrate", "bin/setup"]\n')
    .replace('exec-args = [', 'exec-args = ["exec", "rackup", ').replace('"APPDIR/config.ru"', '"config.ru"'));
  await repo.commit('as Rails does it', {
    '.ruby-version': '3.4.9\n', 'gemset.nix': gems.gemset(...LOCKED.map((gem) => gem.replace('development:', 'production:'))).replace('{\n', `{\n${shout}`),
    'engines/shout/shout.gemspec': 'Gem::Specification.new { |s| s.name = "shout"; s.version = "0.1"; s.summary = s.name; s.authors = ["Ann"]; s.files = ["lib/shout.rb"] }\n',
    'engines/shout/lib/shout.rb': 'module Shout\n  def self.of(text) = text.upcase\nend\n',
    'bin/setup': '#!/usr/bin/env ruby\nrequire "bundler/setup"\nFile.write("setup", Gem.loaded_specs.keys.include?("rake").to_s)\n',
    'config.ru': 'require "shout"\nrun lambda { |env| [200, {}, [File.read("migrated"), File.read("setup"), Shout.of(" hey "), ENV.fetch("PATH")]] }\n',
  });
  await chmod(join(repo.dir, 'bin/setup'), 0o755);
  await repo.commit('a program');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  const { body } = await world.get('rails-like');
  assert.match(body, /^db:migrate in .*\.ruby-rack-home\ntrue HEY /);
  assert.match(body, /-ruby-rack-gems\/bin:.*-wrapped-ruby-ruby-rack-gems\/bin/);
});

test('a published app is run with the pushed Gemfile and lock file in the place of its own', async (context) => {
  const { world, gems } = context;
  const dir = join(world.home, 'release/shop-2.0');
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'Gemfile'), 'source "https://example.org"\ngem "never"\n');
  await writeFile(join(dir, 'config.ru'), 'file = File.join(__dir__, "Gemfile")\nrun lambda { |env| [200, {}, [File.read(file)]] }\n');
  await exec('tar', ['-czf', 'shop.tar.gz', 'shop-2.0'], { cwd: join(world.home, 'release') });
  gems.files.set('/shop-1.0.tar.gz', await readFile(join(world.home, 'release/shop.tar.gz')));

  const repo = await example(context, 'published');
  await repo.edit('hop3.toml', (text) => text.replace('exec-target', `url = "${gems.url}/shop-\${version}.tar.gz"\nexec-target`).replace('path = "/healthz"', 'path = "/"'));
  await repo.commit('published');
  const line = /sha256 = "sha256-[^"]+"/.exec((await repo.push()).stderr)?.[0] ?? '';
  await repo.edit('hop3.toml', (text) => text.replace('exec-target', `${line}\nexec-target`));
  await repo.commit('with its hash');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('published')).body, await readFile(join(repo.dir, 'Gemfile'), 'utf8'));
});

test('a missing gemset.nix is told with the command that makes it', async (context) => {
  const repo = await example(context, 'no-gemset');
  await repo.git('rm', '-q', 'gemset.nix');
  await repo.commit('without');
  const pushed = await repo.push();
  assert.is(pushed.code, 1);
  assert.match(pushed.stderr, /gemset\.nix is not in the pushed tree[\s\S]*bundix -l makes it from Gemfile\.lock/);
  assert.match(pushed.stderr, '! [remote rejected] main -> main');
});

test('a gem that is not what gemset.nix says is refused, with both hashes', async (context) => {
  const repo = await example(context, 'wrong-hash');
  await repo.commit('another gem', { 'gemset.nix': context.gems.gemset(...LOCKED).replace(context.gems.sha256('webrick', '1.9.2'), '1'.repeat(64)) });
  const pushed = await repo.push();
  assert.is(pushed.code, 1);
  assert.match(pushed.stderr, 'webrick-1.9.2.gem has another hash than the expression says');
});

test('a Gemfile that its lock file does not fit is told at the build, in the words of Bundler', async (context) => {
  const repo = await example(context, 'other-gemfile');
  await repo.edit('Gemfile', (text) => text.replace('https://rubygems.org', 'https://gems.example.org'));
  await repo.commit('another source');
  const pushed = await repo.push();
  assert.is(pushed.code, 1);
  assert.match(pushed.stderr, /The list of sources changed/);
  assert.match(pushed.stderr, 'bundler: Gemfile and Gemfile.lock do not fit together.');

  await repo.edit('Gemfile', (text) => text.replace('https://gems.example.org', 'https://rubygems.org').concat('ruby "2.1.0"\n'));
  await repo.edit('Gemfile.lock', (text) => text.replace('BUNDLED WITH', 'RUBY VERSION\n   ruby 2.1.0\n\nBUNDLED WITH'));
  await repo.commit('another Ruby');
  assert.match((await repo.push()).stderr, /Gemfile asks for Ruby 2\.1\.0, and runtime-package is Ruby \d/);
});

test('a program that no gem has is told at the build, with those that there are', async (context) => {
  const repo = await example(context, 'no-puma');
  await repo.edit('hop3.toml', (text) => text.replace('exec-target = "rackup"', 'exec-target = "puma"'));
  await repo.commit('puma');
  const pushed = await repo.push();
  assert.is(pushed.code, 1);
  assert.match(pushed.stderr, 'error: no gem of Gemfile.lock has the program puma. They have: bundle bundler rackup');
});

if (nixAnswers() && rubyAnswers()) test.run();
