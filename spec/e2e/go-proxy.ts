import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Says why and gives false where this machine has no Go. */
export function goAnswers(): boolean {
  const there = existsSync('/usr/bin/go');
  if (!there) console.log('skipped: golang-go is not installed (there is no /usr/bin/go)');
  return there;
}

/** "1.19" for the machine's Go 1.19.8. */
export function goVersion(): string {
  return /go version go(\d+\.\d+)/.exec(spawnSync('/usr/bin/go', ['version'], { encoding: 'utf8', env: { HOME: tmpdir(), GOTOOLCHAIN: 'local' } }).stdout)![1]!;
}

/** A Go module proxy on loopback with one module: example.org/greet, version 1.0.0, with a function Greeting. */
export class GoProxy {
  /** The lines of go.sum for the module. */
  readonly goSum: string;
  /** What was asked for. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #dir = mkdtempSync(join(tmpdir(), 'hop3-goproxy-'));

  private constructor() {
    const goMod = 'module example.org/greet\n\ngo 1.19\n';
    const files: Record<string, string> = {
      'example.org/greet@v1.0.0/go.mod': goMod,
      'example.org/greet@v1.0.0/greet.go': 'package greet\n\nfunc Greeting() string { return "hello from a module" }\n',
    };
    writeFileSync(join(this.#dir, 'files.json'), JSON.stringify(files));
    const zipped = spawnSync('/usr/bin/python3', [
      '-c', 'import json, zipfile\nz = zipfile.ZipFile("greet.zip", "w")\nfor name, text in json.load(open("files.json")).items(): z.writestr(name, text)\nz.close()',
    ], { cwd: this.#dir, encoding: 'utf8' });
    if (zipped.status !== 0) throw new Error(`no zip file was made: ${zipped.stderr}`);
    const published: Record<string, string | Buffer> = {
      list: 'v1.0.0\n', 'v1.0.0.info': '{"Version":"v1.0.0","Time":"2020-01-01T00:00:00Z"}', 'v1.0.0.mod': goMod,
      'v1.0.0.zip': readFileSync(join(this.#dir, 'greet.zip')),
    };
    this.goSum = `example.org/greet v1.0.0 ${h1(files)}\nexample.org/greet v1.0.0/go.mod ${h1({ 'go.mod': goMod })}\n`;
    this.#server = createServer((request, response) => {
      this.asked.push(request.url!);
      const found = published[request.url!.replace('/example.org/greet/@v/', '')];
      response.writeHead(found === undefined ? 404 : 200).end(found);
    });
  }

  static async start(): Promise<GoProxy> {
    const proxy = new GoProxy();
    await new Promise<void>((resolve) => { proxy.#server.listen(0, '127.0.0.1', resolve); });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => { this.#server.close(resolve); });
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Go's own hash of a set of files: of a list of their hashes. */
function h1(files: Readonly<Record<string, string>>): string {
  const sha256 = (text: string) => createHash('sha256').update(text);
  const list = Object.keys(files).sort().map((name) => `${sha256(files[name]!).digest('hex')}  ${name}\n`).join('');
  return `h1:${sha256(list).digest('base64')}`;
}
