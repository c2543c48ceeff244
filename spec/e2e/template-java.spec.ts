// limit: 400
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { EXAMPLES, type Repo, World } from './world.ts';

await asOrdinaryUser(import.meta.url);

/** Compiles the example's class and serves it as its project would publish it: a WAR, and archives with the WAR in them. */
class Releases {
  readonly dir = mkdtempSync(join(tmpdir(), 'hop3-war-'));
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      try {
        response.end(readFileSync(join(this.dir, 'published', request.url!.slice(1))));
      } catch {
        response.writeHead(404).end();
      }
    });
    this.#server.listen(0, '127.0.0.1');
    this.#run('javac', '--release', '11', '-d', 'classes', join(EXAMPLES, 'test-apps-nix/java-war/Hello.java'));
    mkdirSync(join(this.dir, 'published'));
    mkdirSync(join(this.dir, 'hello-1.0/web'), { recursive: true });
    this.#run('jar', '--create', '--file', 'published/hello-1.0.war', '--main-class', 'Hello', '-C', 'classes', '.');
    writeFileSync(join(this.dir, 'hello-1.0/web/hello.war'), readFileSync(this.war));
    this.#run('tar', '-czf', 'published/hello-1.0.tar.gz', 'hello-1.0');
  }

  get war(): string {
    return join(this.dir, 'published/hello-1.0.war');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  sha256(file: string): string {
    return `sha256-${createHash('sha256').update(readFileSync(join(this.dir, 'published', file))).digest('base64')}`;
  }

  #run(file: string, ...args: string[]): void {
    const ran = spawnSync(file, args, { cwd: this.dir, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`${file} ${args.join(' ')}: ${ran.error?.message ?? ran.stderr}`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => { this.#server.close(resolve); });
    rmSync(this.dir, { recursive: true, force: true });
  }
}

interface Context { world: World; releases: Releases }
const test = suite<Context>('java-war: a push of a WAR file');
test.before(async (context) => {
  context.releases = new Releases();
  context.world = await World.start();
});
test.after(async ({ world, releases }) => {
  await world.stop();
  await releases.stop();
});

/** The example as it is, but for the port of the server that its WAR comes from, and `change`. */
async function example({ world, releases }: Context, app: string, change: (toml: string) => string = (toml) => toml): Promise<Repo> {
  const repo = await world.repo(app, 'test-apps-nix/java-war');
  await repo.edit('hop3.toml', (toml) => change(toml.replace('http://127.0.0.1:8099', releases.url)));
  await repo.commit('changed');
  return repo;
}

const withHash = (hash: string) => (toml: string) => toml.replace('war-file', `sha256 = "${hash}"\nwar-file`);

test('the first push says what its hash is; with that line it builds, starts and answers', async (context) => {
  const { world, releases } = context;
  const repo = await example(context, 'hello');
  const first = await repo.push();
  assert.is(first.code, 1);
  assert.match(first.stderr, '[nix] sha256 is missing');
  const line = /sha256 = "(sha256-[^"]+)"/.exec(first.stderr)?.[0];
  assert.is(line, `sha256 = "${releases.sha256('hello-1.0.war')}"`);

  await repo.edit('hop3.toml', (toml) => toml.replace('war-file', `${line}\nwar-file`));
  await repo.commit('the hash');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'remote: -----> Template mode: java-war (tier 3: ');
  assert.is((await world.get('hello')).body, 'Hello from Java, this is v1\n');
  assert.is((await world.get('hello', '/nothing')).status, 404);
});

test("Debian's own JDK runs it, and JAVA_OPTS wins over jvm-default-opts", async (context) => {
  const jdk = debianJdk();
  if (jdk === null) return console.log("skipped: Debian's JDK is not installed (apt-get install default-jdk-headless)");
  const repo = await example(context, 'debian', (toml) => `${withHash(context.releases.sha256('hello-1.0.war'))(toml)
    .replace('war-file', `runtime-package = "jdk${jdk}"\nextra-paths = ["\${jdk}/bin"]\nwar-file`)}\n[nix.runtime-env]\nJAVA_OPTS = "-Dgreeting=Bonjour -Xmx48m"\n`);
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match((await context.world.get('debian')).body, 'Bonjour from Java');
  const [home, version] = (await context.world.get('debian', '/java')).body.split('\n');
  assert.match(home!, new RegExp(`^/nix/store/\\w+-jdk${jdk}-host/lib/openjdk$`));
  assert.is(version, jdk);
});

test('a WAR that is not the one of hop3.toml is refused', async (context) => {
  const repo = await example(context, 'other', withHash(`sha256-${'A'.repeat(43)}=`));
  const pushed = await repo.push();
  assert.is(pushed.code, 1);
  assert.match(pushed.stderr, 'java-war-1.0.war is not what hop3.toml says: [nix] sha256 is the hash of something else');
  assert.match(pushed.stderr, context.releases.sha256('hello-1.0.war'));
  assert.match((await context.world.hop3('releases', '--app', 'other')).output, /no release/i);
});

test('a WAR of the pushed tree, and one inside a published archive', async (context) => {
  const inTree = (toml: string) => toml.replace(/^url = .*\n/m, '').replace('war-file = "hello.war"', 'war-file = "build/hello.war"');
  const own = await example(context, 'own', inTree);
  await mkdir(join(own.dir, 'build'));
  await copyFile(context.releases.war, join(own.dir, 'build/hello.war'));
  await own.commit('the WAR');
  const pushed = await own.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match((await context.world.get('own')).body, 'Hello from Java');

  const packed = await example(context, 'packed', (toml) => withHash(context.releases.sha256('hello-1.0.tar.gz'))(toml).replace('.war"', '.tar.gz"').replace('war-file', 'source-root = "hello-${version}/web"\nwar-file'));
  const unpacked = await packed.push();
  assert.is(unpacked.code, 0, unpacked.output);
  assert.match((await context.world.get('packed')).body, 'Hello from Java');

  const forgotten = await example(context, 'forgotten', inTree);
  const refused = await forgotten.push();
  assert.is(refused.code, 1);
  assert.match(refused.stderr, 'The pushed tree has no build/hello.war. Commit the WAR that war-file names');
});

test('java-gradle needs a real nixpkgs, and the push says so', async (context) => {
  const repo = await context.world.repo('gradle', 'test-apps-nix/java-gradle');
  const pushed = await repo.push();
  assert.is(pushed.code, 1);
  assert.match(pushed.stderr, /there is no "gradle" there|the package set .*has no .*gradle/i);
});

/** The version of Debian's JDK on this machine, or null. */
function debianJdk(): string | null {
  const found = spawnSync('bash', ['-c', 'sed -n \'s/^JAVA_VERSION="\\([0-9]*\\).*/\\1/p\' /usr/lib/jvm/java-[0-9]*-openjdk-*/release 2>/dev/null | tail -n 1'], { encoding: 'utf8' }).stdout.trim();
  return found === '' ? null : found;
}

const compiler = spawnSync('javac', ['-version']).status === 0;
if (!compiler) console.log('skipped: no Java compiler is installed (apt-get install default-jdk-headless)');
if (nixAnswers() && compiler) test.run();
