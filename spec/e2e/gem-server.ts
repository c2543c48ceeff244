import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A gem made for a spec: its files, and what its gemspec says. */
export interface Gem {
  readonly name: string;
  readonly version: string;
  readonly files: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Names of files in bin/. */
  readonly executables?: readonly string[];
  /** Files that make the C part: `ext/extconf.rb`. */
  readonly extensions?: readonly string[];
}

/** True where Ruby is installed; says why not where it is not. */
export function rubyAnswers(): boolean {
  const there = spawnSync('gem', ['--version']).status === 0;
  if (!there) console.log('skipped: Ruby is not installed (apt-get install ruby)');
  return there;
}

/** A gem server on loopback, as rubygems.org is one: /gems/<name>-<version>.gem. */
export class GemServer {
  readonly #dir = mkdtempSync(join(tmpdir(), 'hop3-gems-'));
  readonly #server: Server;
  readonly #gems = new Map<string, Buffer>();
  readonly #dependencies = new Map<string, readonly string[]>();
  /** What is served besides, by its path. */
  readonly files = new Map<string, Buffer>();
  /** Names of the gems that were asked for, in order. */
  readonly asked: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const file = this.files.get(request.url ?? '');
      if (file) return void response.end(file);
      const name = /^\/gems\/([^/]+)\.gem$/.exec(request.url ?? '')?.[1] ?? '';
      this.asked.push(name);
      const gem = this.#gems.get(name);
      response.statusCode = gem ? 200 : 404;
      response.end(gem);
    });
  }

  static async start(...gems: readonly Gem[]): Promise<GemServer> {
    const server = new GemServer();
    for (const gem of gems) server.add(gem);
    await new Promise<void>((resolve) => { server.#server.listen(0, '127.0.0.1', resolve); });
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Builds the gem with `gem build` and serves it. */
  add(gem: Gem): void {
    const dir = join(this.#dir, gem.name);
    for (const [file, text] of Object.entries(gem.files)) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), text, { mode: 0o755 });
    }
    writeFileSync(join(dir, 'a.gemspec'), gemspec(gem));
    const built = spawnSync('gem', ['build', '--force', '--output', 'out.gem', 'a.gemspec'], { cwd: dir, encoding: 'utf8', env: { ...process.env, HOME: this.#dir } });
    if (built.status !== 0) throw new Error(`gem build ${gem.name}:\n${built.stdout}${built.stderr}`);
    this.#gems.set(`${gem.name}-${gem.version}`, readFileSync(join(dir, 'out.gem')));
    this.#dependencies.set(gem.name, Object.keys(gem.dependencies ?? {}));
  }

  sha256(name: string, version: string): string {
    return createHash('sha256').update(this.#gems.get(`${name}-${version}`)!).digest('hex');
  }

  /** What bundix writes for these gems; one of another group has its name before a colon (`development:rake 13.3.1`). */
  gemset(...gems: readonly string[]): string {
    const entries = gems.map((gem) => {
      const [, group, name, version] = /^(?:(\w+):)?(\S+) (\S+)$/.exec(gem)!;
      // One that is not served gets a hash that nothing has.
      const sha256 = this.#gems.has(`${name}-${version}`) ? this.sha256(name!, version!) : '0'.repeat(64);
      const needs = (this.#dependencies.get(name!) ?? []).map((each) => `"${each}"`).join(' ');
      return `  ${name} = { dependencies = [ ${needs} ]; groups = [ "${group ?? 'default'}" ]; platforms = [ ]; version = "${version}";\n`
        + `    source = { remotes = [ "${this.url}" ]; sha256 = "${sha256}"; type = "gem"; }; };\n`;
    });
    return `{\n${entries.join('')}}\n`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => { this.#server.close(resolve); });
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function gemspec(gem: Gem): string {
  const list = (items: readonly string[]) => JSON.stringify(items);
  const dependencies = Object.entries(gem.dependencies ?? {}).map(([name, wanted]) => `  s.add_dependency ${JSON.stringify(name)}, ${JSON.stringify(wanted)}\n`);
  return [
    'Gem::Specification.new do |s|',
    `  s.name = ${JSON.stringify(gem.name)}; s.version = ${JSON.stringify(gem.version)}`,
    '  s.summary = "made for a spec"; s.authors = ["Hop3"]; s.license = "MIT"; s.homepage = "https://example.org"',
    `  s.files = ${list(Object.keys(gem.files))}; s.bindir = "bin"; s.executables = ${list(gem.executables ?? [])}; s.extensions = ${list(gem.extensions ?? [])}`,
    `${dependencies.join('')}end`, '',
  ].join('\n');
}
