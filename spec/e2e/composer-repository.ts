import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exec } from './world.ts';

/** A composer repository on loopback with one package, `acme/greeting`, and any other files to download. */
export class ComposerRepository {
  readonly #dir = mkdtempSync(join(tmpdir(), 'hop3-composer-'));
  readonly #server: Server;
  /** Paths that were asked for. */
  readonly asked: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.asked.push(request.url!);
      const file = join(this.#dir, 'files', request.url!);
      try {
        response.end(readFileSync(file));
      } catch {
        response.writeHead(404).end('no such file');
      }
    });
  }

  static async start(): Promise<ComposerRepository> {
    const repository = new ComposerRepository();
    await new Promise<void>((done) => { repository.#server.listen(0, '127.0.0.1', done); });
    repository.#publish();
    return repository;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Puts a file below the server's root. */
  serve(path: string, content: string | Buffer): void {
    const file = join(this.#dir, 'files', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** The archive of a directory that holds these files, as tar.gz. */
  archive(top: string, files: Record<string, string>): Buffer {
    const tree = mkdtempSync(join(this.#dir, 'tree-'));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, top, name)), { recursive: true });
      writeFileSync(join(tree, top, name), text);
    }
    const packed = spawnSync('tar', ['-C', tree, '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '-cz', top]);
    if (packed.status !== 0) throw new Error(`tar: ${packed.stderr.toString()}`);
    return packed.stdout;
  }

  /** composer.json and the composer.lock that composer makes of it, for an app that requires acme/greeting. */
  async project(more: object = {}): Promise<{ 'composer.json': string; 'composer.lock': string }> {
    const dir = mkdtempSync(join(this.#dir, 'project-'));
    const json = JSON.stringify({
      name: 'acme/shop', description: 'a shop', license: 'MIT',
      require: { 'acme/greeting': '^1.0' },
      repositories: [{ type: 'composer', url: this.url }, { packagist: false }],
      // Loopback has no TLS.
      config: { 'secure-http': false },
      ...more,
    }, null, 4);
    writeFileSync(join(dir, 'composer.json'), json);
    const locked = await exec('composer', ['update', '--no-install', '--no-interaction', '--no-cache', '--no-plugins'], {
      cwd: dir, env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: dir, COMPOSER_HOME: join(dir, '.composer') },
    });
    if (locked.code !== 0) throw new Error(`composer update: ${locked.output}`);
    return { 'composer.json': json, 'composer.lock': readFileSync(join(dir, 'composer.lock'), 'utf8') };
  }

  async end(): Promise<void> {
    await new Promise((done) => { this.#server.close(done); });
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #publish(): void {
    const json = { name: 'acme/greeting', version: '1.0.0', autoload: { 'psr-4': { 'Acme\\': 'src/' } } };
    const tar = this.archive('greeting', {
      'composer.json': JSON.stringify(json),
      'src/Greeting.php': "<?php\nnamespace Acme;\nclass Greeting { public static function text(): string { return 'greetings from a package'; } }\n",
    });
    this.serve('greeting.tar.gz', tar);
    const shasum = createHash('sha1').update(tar).digest('hex');
    const version = { ...json, dist: { type: 'tar', url: `${this.url}/greeting.tar.gz`, shasum } };
    this.serve('packages.json', JSON.stringify({ packages: { 'acme/greeting': { '1.0.0': version } } }));
  }
}
