import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { GemServer, rubyAnswers } from './gem-server.ts';
import { HostWorld, read } from './host-world.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const GREETING = {
  name: 'greeting', version: '1.2.0', dependencies: { words: '~> 2.0' }, executables: ['greet'],
  files: { 'lib/greeting.rb': 'require "words"\nmodule Greeting; def self.say; "hello #{Words::ALL.first}"; end; end\n', 'bin/greet': '#!/usr/bin/env ruby\nrequire "greeting"\nputs Greeting.say\nputs ARGV.inspect\n' },
};
const WORDS = { name: 'words', version: '2.0.1', files: { 'lib/words.rb': 'module Words; ALL = ["world"]; end\n' } };
const COUNTER = {
  name: 'counter', version: '0.1.0', extensions: ['ext/extconf.rb'],
  files: {
    'ext/extconf.rb': 'require "mkmf"\ncreate_makefile("counter")\n',
    'ext/counter.c': '#include <ruby.h>\nstatic VALUE answer(VALUE self) { return INT2NUM(42); }\nvoid Init_counter(void) { rb_define_singleton_method(rb_define_module("Counter"), "answer", answer, 0); }\n',
  },
};
const ALL = ['greeting 1.2.0', 'words 2.0.1', 'development:rake 13.0.0'];
const ENV = 'pkgs.bundlerEnv { name = "spec-gems"; gemdir = ./.; }';

interface Context { world: HostWorld; gems: GemServer }
const ruby = suite<Context>('the host package set: Ruby and its gems');
ruby.before.each(async (context) => {
  context.world = new HostWorld();
  context.gems = await GemServer.start(GREETING, WORDS);
  lock(context, ALL, ['greeting'], ['rake']);
});
ruby.after.each(async ({ world, gems }) => {
  world.end();
  await gems.stop();
});

ruby('ruby is the machine\'s; a version that is not is told with the package', async ({ world }) => {
  const built = await world.build('pkgs.runCommand "r" { inherit salt; buildInputs = [ pkgs.ruby ]; } "ruby -e \'puts RUBY_VERSION[/\\\\d+\\\\.\\\\d+/]\' > $out; gem --version; bundle --version"');
  const version = read(built).trim();
  assert.match(version, /^\d\.\d$/);
  const numbered = await world.build(`pkgs.runCommand "n" { inherit salt; } "\${pkgs.ruby_${version.replace('.', '_')}}/bin/ruby -e 'print 1 + 1' > $out"`);
  assert.is(read(numbered), '2');
  if (existsSync('/usr/bin/ruby4.0')) return;
  const other = await world.build('pkgs.runCommand "o" { inherit salt; } "${pkgs.ruby_4_0}/bin/ruby -v"');
  assert.match(other.log, /error: the host package set has no ruby_4_0: apt-get install ruby4\.0, or use a real nixpkgs/);
});

ruby('bundlerEnv: programs of the gems, bundle exec, and a Ruby that sees the gems; those of other groups are not fetched', async ({ world, gems }) => {
  const built = await world.build(`let env = ${ENV}; in pkgs.runCommand "t" { inherit salt; BUNDLE_WITHOUT = "development:test"; } ''
    export HOME=$TMPDIR
    exec > $out
    \${env}/bin/greet "a b"
    \${env}/bin/bundle exec greet
    \${env.wrappedRuby}/bin/bundle exec greet
    \${env.wrappedRuby}/bin/ruby -e 'require "bundler/setup"; require "greeting"; puts Greeting.say'
    \${env.wrappedRuby}/bin/ruby -e 'puts ENV.values_at("BUNDLE_FROZEN", "BUNDLE_PATH").inspect'
    echo \${toString (builtins.attrNames env.gems)}
  ''`);
  assert.is(read(built), [
    'hello world', '["a b"]', 'hello world', '[]', 'hello world', '[]', 'hello world', '["1", nil]', 'greeting words', '',
  ].join('\n'));
  assert.equal([...gems.asked].sort(), ['greeting-1.2.0', 'words-2.0.1']);
});

ruby('a gem is built bit for bit the same', async ({ world }) => {
  assert.is((await world.build(`(${ENV}).gems.greeting`)).code, 0);
  const again = await world.build(`(${ENV}).gems.greeting`, '--check');
  assert.is(again.code, 0, again.log);
});

ruby('a wrong hash, a missing gem and a gem of git each say so', async ({ world, gems }) => {
  world.write('gemset.nix', gems.gemset(...ALL).replaceAll(gems.sha256('words', '2.0.1'), '1'.repeat(64)));
  assert.match((await world.build(ENV)).log, /hash mismatch in fixed-output derivation '\/nix\/store\/\w+-words-2\.0\.1\.gem\.drv'/);
  world.write('gemset.nix', gems.gemset(...ALL, 'gone 9.0'));
  assert.match((await world.build(ENV)).log, /error: could not download gone-9\.0\.gem/);
  world.write('gemset.nix', '{ tool = { groups = [ "default" ]; version = "1"; source = { type = "git"; url = "https://example.org"; rev = "0"; sha256 = "0"; }; }; }');
  assert.match((await world.build(ENV)).log, /the gem tool comes from git, and the host package set takes gems from gem servers only/);
});

ruby('what a Gemfile reads beside itself comes with extraConfigPaths', async ({ world }) => {
  world.write('Gemfile', 'source "https://example.org"\neval_gemfile "more.rb"\n');
  world.write('more.rb', 'gem "greeting"\ngroup(:development) { gem "rake" }\n');
  const env = 'pkgs.bundlerEnv { name = "spec-gems"; gemdir = ./.; extraConfigPaths = [ "${builtins.path { name = "more"; path = ./.; filter = path: type: baseNameOf path == "more.rb"; }}/more.rb" ]; }';
  const built = await world.build(`pkgs.runCommand "t" { inherit salt; } "HOME=$TMPDIR \${${env}}/bin/greet > $out"`);
  assert.match(read(built), 'hello world');
});

ruby('a gem with C code is compiled, or the missing headers are told', async (context) => {
  const { world, gems } = context;
  gems.add(COUNTER);
  lock(context, ['counter 0.1.0'], ['counter'], []);
  const built = await world.build(`pkgs.runCommand "t" { inherit salt; } "\${(${ENV}).wrappedRuby}/bin/ruby -e 'require %q(counter); print Counter.answer' > $out"`);
  if (!headers()) return assert.match(built.log, /the host package set has no headers of Ruby, and the gem counter has C code: apt-get install ruby-dev gcc make/);
  if (spawnSync('gcc', ['--version']).error) return console.log('skipped: no C compiler is installed (apt-get install gcc libc6-dev)');
  assert.is(read(built), '42');
});

function lock({ world, gems }: Context, all: readonly string[], wanted: readonly string[], development: readonly string[]): void {
  const specs = all.map((each) => each.replace(/^\w+:/, '')).map((each) => each.replace(' ', ' (').concat(')')).sort();
  const lines = specs.flatMap((each) => [`    ${each}`, ...(each.startsWith('greeting') ? ['      words (~> 2.0)'] : [])]);
  world.write('Gemfile', ['source "https://example.org"', ...wanted.map((name) => `gem "${name}"`), ...development.map((name) => `group(:development) { gem "${name}" }`), ''].join('\n'));
  world.write('Gemfile.lock', ['GEM', '  remote: https://example.org/', '  specs:', ...lines, '', 'PLATFORMS', '  ruby', '', 'DEPENDENCIES', ...[...wanted, ...development].sort().map((name) => `  ${name}`), '', 'BUNDLED WITH', '   2.6.9', ''].join('\n'));
  world.write('gemset.nix', gems.gemset(...all));
}

function headers(): boolean {
  const include = '/usr/include';
  return existsSync(include) && readdirSync(include).some((name) => name.startsWith('ruby-') && existsSync(join(include, name, 'ruby.h')));
}

if (nixAnswers() && rubyAnswers()) ruby.run();
