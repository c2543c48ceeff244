// limit: 240
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { told } from './tiny-apps.ts';
import { until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('what runtime.json says is what runs');

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

/** Answers with its environment, its arguments, and what programs of its PATH say. */
const TELL = `
    import { execSync } from 'node:child_process';
    import { createServer } from 'node:http';
    const ran = (command) => { try { return execSync(command, { encoding: 'utf8' }).trim(); } catch { return 'not there'; } };
    createServer((_request, response) => response.end(JSON.stringify({
      env: process.env, args: process.argv.slice(2), who: ran('who-am-i'), other: ran('only-in-second'),
    }))).listen(process.env.PORT, process.env.BIND_ADDRESS);
`;

const HOP3_NIX = `{ pkgs ? import <nixpkgs> { } }:
let
  node = "\${pkgs.nodejs}/bin/node";
  tell = pkgs.writeText "tell.mjs" ''${TELL}'';
  say = name: text: pkgs.writeShellScriptBin name "echo \${text}";
in
{
  env = { LEVEL = "from env"; FROM_ENV = "it's 100% \\"here\\" \\\\ $HOME"; };

  package = pkgs.runCommand "shop" {
    passAsFile = [ "runtime" ];
    runtime = builtins.toJSON {
      workers = {
        web = "\${node} \${tell} 'two words' \\"it's \\$GREETING\\" plain\\\\ space '\\$GREETING' \\"\\$(printf %s shell)\\" ''";
        mail-queue = "\${pkgs.bash}/bin/sh -c 'while :; do echo \\"queue says: \\$GREETING\\"; sleep 1; done'";
        clock = "\${pkgs.bash}/bin/sh -c \\"echo clock\\\\ ticks; exec sleep 1000\\"";
        static = "\${placeholder "out"}/site";
      };
      env = { LEVEL = "from runtime.json"; GREETING = "good day"; LINES = "one\\ntwo"; };
      path = [ "\${say "who-am-i" "first"}/bin" "\${say "who-am-i" "second"}/bin" "\${say "only-in-second" "second"}/bin" ];
    };
  } ''
    mkdir -p $out/hop3 $out/site
    cp "$runtimePath" $out/hop3/runtime.json
    echo styles > $out/site/app.css
  '';
}
`;

interface Told { env: Record<string, string>; args: string[]; who: string; other: string }

test('several workers, quotes in commands, two environments, the order of path, and static files', async ({ world }) => {
  const shop = await world.repo('shop', { 'hop3.nix': HOP3_NIX });
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), 'runtime.json declares types -> clock, mail-queue, web, static\n', told(pushed));

  const answer = JSON.parse((await world.get('shop')).body) as Told;
  assert.equal(answer.args, ['two words', "it's good day", 'plain space', '$GREETING', 'shell', '']);
  assert.is(answer.env['LEVEL'], 'from runtime.json', 'runtime.json wins over the attribute env');
  assert.is(answer.env['FROM_ENV'], "it's 100% \"here\" \\ $HOME", 'the attribute env is read, and nothing expands it');
  assert.is(answer.env['LINES'], 'one\ntwo');
  assert.is(answer.who, 'first', 'the first directory of path wins');
  assert.is(answer.other, 'second', 'the later ones are searched too');
  assert.match(answer.env['PATH']!, /^\/nix\/store\/[^:]*\/bin:\/nix\/store\/[^:]*\/bin:\/nix\/store\/[^:]*\/bin:/);

  assert.is((await world.get('shop', '/app.css')).body, 'styles\n');
  const ps = (await world.hop3('ps', '--app', 'shop')).stdout;
  for (const worker of ['web.1', 'mail-queue.1', 'clock.1']) assert.match(ps, new RegExp(`${worker.replace('.', '\\.')}.*up`), ps);
  assert.not.match(ps, 'static');
  await until('the workers\' words', async () => {
    const logs = (await world.hop3('logs', '--app', 'shop')).stdout;
    return logs.includes('queue says: good day') && logs.includes('clock ticks');
  });
});

test("hop3.toml's [env] wins over runtime.json, and the operator over both", async ({ world }) => {
  const shop = await world.repo('toml', { 'hop3.nix': HOP3_NIX, 'hop3.toml': '[env]\nLEVEL = "from hop3.toml"\nGREETING = "good evening"\n' });
  assert.is((await shop.push()).code, 0);
  const first = JSON.parse((await world.get('toml')).body) as Told;
  assert.is(first.env['LEVEL'], 'from hop3.toml');
  assert.is(first.args[1], "it's good evening");
  assert.is(first.env['FROM_ENV'], "it's 100% \"here\" \\ $HOME");
  const set = await world.hop3('env', 'set', 'LEVEL=from the operator', '--app', 'toml');
  assert.is(set.code, 0, set.output);
  assert.is((JSON.parse((await world.get('toml')).body) as Told).env['LEVEL'], 'from the operator');
});

test.run();
