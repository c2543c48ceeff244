import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { closureOf } from '../../src/nix/store.ts';
import type { StorePath } from '../../src/names.ts';
import { HostWorld, read } from './host-world.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
process.env['NIX_REMOTE'] ??= 'daemon';

const JVM = '/usr/lib/jvm';
const homes = existsSync(JVM) ? readdirSync(JVM).map((name) => join(JVM, name)).filter((dir) => existsSync(join(dir, 'release')) && existsSync(join(dir, 'bin/javac'))) : [];
const major = (home: string) => /^JAVA_VERSION="(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))![1]!;
/** Debian's: it has its configuration under /etc, where no build sees it. */
const debian = homes.find((home) => /^java-\d+-openjdk-/.test(home.slice(JVM.length + 1)) && existsSync(join(home, 'jmods')));

/** What an app may need of Java: keys and certificates, logging, time zones, child processes, the compiler's own view. */
const LOOK = `
import java.security.KeyStore;
public class Look {
  public static void main(String[] args) throws Exception {
    System.out.println(System.getProperty("java.home"));
    System.out.println(javax.net.ssl.SSLContext.getDefault().getProtocol());
    KeyStore trusted = KeyStore.getInstance(new java.io.File(System.getProperty("java.home"), "lib/security/cacerts"), "changeit".toCharArray());
    System.out.println(trusted.size() > 50 ? "certificates" : "no certificates");
    System.out.println(java.security.Security.getProviders().length > 5 ? "providers" : "few providers");
    System.out.println(java.util.logging.LogManager.getLogManager().getProperty("handlers"));
    System.out.println(java.time.ZoneId.of("Europe/Paris").getRules().isFixedOffset());
    new ProcessBuilder("/bin/echo", "child").inheritIO().start().waitFor();
  }
}`;
const LOOKED = ['TLS|Default', 'certificates', 'providers', 'java.util.logging.ConsoleHandler', 'false', 'child'];

const java = suite<{ world: HostWorld }>('the host package set: Java');
java.before.each((context) => { context.world = new HostWorld(); });
java.after.each(({ world }) => world.end());

java(`Debian's JDK has its configuration, compiles and runs in the build, and in an app's sandbox`, async ({ world }) => {
  if (!debian) return console.log("skipped: Debian's JDK is not installed (apt-get install default-jdk-headless)");
  world.write('Look.java', LOOK);
  const jdk = `pkgs.jdk${major(debian)}`;
  const built = await world.build(`pkgs.runCommand "look" { inherit salt; nativeBuildInputs = [ ${jdk} ]; } ''
    mkdir $out
    cp \${./Look.java} Look.java
    javac -d $out Look.java
    java -Xshare:on -cp $out Look > $out/looked
    echo $JAVA_HOME > $out/home
    ln -s \${${jdk}} $out/jdk
  ''`);
  const home = read(built, 'home').trim();
  assert.match(home, /^\/nix\/store\/\w+-jdk\d+-host\/lib\/openjdk$/);
  looked(read(built, 'looked'), home);

  // What an app sees: its closure and /usr, and an /etc without Java's.
  const seen = ['/usr', '/bin', '/lib', '/lib64', ...(await closureOf(built.path as StorePath))].filter((path) => existsSync(path));
  const ran = spawnSync('bwrap', ['--unshare-all', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--dir', '/etc', ...seen.flatMap((path) => ['--ro-bind', path, path]),
    '--clearenv', join(built.path, 'jdk/bin/java'), '-cp', built.path, 'Look'], { encoding: 'utf8' });
  assert.is(ran.status, 0, ran.stderr);
  looked(ran.stdout, home);
});

java('its output is small, and the same when it is built again', async ({ world }) => {
  if (!debian) return console.log("skipped: Debian's JDK is not installed (apt-get install default-jdk-headless)");
  const built = await world.build(`pkgs.jdk${major(debian)}`);
  assert.is(built.code, 0, built.log);
  const bytes = Number(spawnSync('du', ['-sb', built.path], { encoding: 'utf8' }).stdout.split('\t')[0]);
  assert.ok(bytes < 60e6, `${bytes} bytes`);
  const again = await world.build(`pkgs.jdk${major(debian)}_headless`, '--check');
  assert.is(again.code, 0, again.log);
  assert.is(again.path, built.path);
});

java('jdk and jre are the newest there is; mainProgram and home are as in nixpkgs', async ({ world }) => {
  if (homes.length === 0) return console.log('skipped: no JDK is installed (apt-get install default-jdk-headless)');
  const newest = Math.max(...homes.map((home) => Number(major(home))));
  const built = await world.build('pkgs.runCommand "v" { inherit salt; } "${lib.getExe pkgs.jdk} --version > $out; ${pkgs.jre_headless.home}/bin/java --version; test ${pkgs.jre} = ${pkgs.jdk_headless}"');
  assert.match(read(built), new RegExp(`^openjdk ${newest}`));
});

java('a version that the machine has not is told with the package and what there is', async ({ world }) => {
  const missing = ['8', '11', '17', '21', '25'].find((version) => !homes.some((home) => major(home) === version))!;
  const built = await world.build(`pkgs.runCommand "m" { inherit salt; } "\${pkgs.jdk${missing}}/bin/java -version"`);
  assert.match(built.log, new RegExp(`error: the host package set has no jdk${missing}: apt-get install openjdk-${missing}-jdk-headless, or use a real nixpkgs`));
});

function looked(text: string, home: string): void {
  const [first, protocol, ...rest] = text.trim().split('\n');
  assert.is(first, home);
  assert.ok(LOOKED[0]!.split('|').includes(protocol!), protocol);
  assert.equal(rest, LOOKED.slice(1));
}

if (nixAnswers()) java.run();
