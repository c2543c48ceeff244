import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A package to put into the index: installed files of Debian packages, or files of one's own. */
export type Wanted = { readonly name: string; readonly requires?: readonly string[] } & (
  | { readonly debian: readonly string[] }
  | {
    readonly version: string;
    /** Path in the package -> text. */
    readonly files: Readonly<Record<string, string>>;
    readonly commands?: Readonly<Record<string, string>>;
    readonly tag?: string;
    readonly requires_python?: string;
    /** A source distribution in place of a wheel. */
    readonly source?: true;
  }
);

interface Published {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  readonly requiresPython: string | null;
}

/** Flask and gunicorn with all they need, as this machine's Debian packages have them. */
export const FLASK: readonly Wanted[] = [
  { name: 'flask', debian: ['python3-flask'], requires: ['werkzeug', 'jinja2', 'itsdangerous', 'click'] },
  { name: 'werkzeug', debian: ['python3-werkzeug'], requires: ['markupsafe'] },
  { name: 'jinja2', debian: ['python3-jinja2'], requires: ['markupsafe'] },
  { name: 'markupsafe', debian: ['python3-markupsafe'] },
  { name: 'itsdangerous', debian: ['python3-itsdangerous'] },
  { name: 'click', debian: ['python3-click'] },
  { name: 'gunicorn', debian: ['python3-gunicorn'], requires: ['setuptools'] },
  { name: 'setuptools', debian: ['python3-setuptools', 'python3-pkg-resources'] },
];

/** A package index on loopback (PEP 503), as PyPI has one. */
export class PythonIndex {
  readonly #dir = mkdtempSync(join(tmpdir(), 'hop3-index-'));
  readonly #published: Published[] = [];
  #server: Server | null = null;
  /** Paths that were asked for, in their order. */
  readonly asked: string[] = [];

  get url(): string {
    return `http://127.0.0.1:${(this.#server!.address() as AddressInfo).port}/simple/`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url!, 'http://index').pathname);
      this.asked.push(path);
      const body = this.#answer(path);
      if (body === null) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': path.endsWith('/') ? 'text/html' : 'application/octet-stream' }).end(body);
    });
    await new Promise<void>((resolve) => { this.#server!.listen(0, '127.0.0.1', resolve); });
  }

  publish(wanted: readonly Wanted[]): void {
    const list = join(this.#dir, 'wanted.json');
    writeFileSync(list, JSON.stringify(wanted));
    mkdirSync(join(this.#dir, 'files'), { recursive: true });
    const script = fileURLToPath(new URL('python-wheels.py', import.meta.url));
    // Debian's own: another Python first in PATH does not have its packages.
    const ran = spawnSync('/usr/bin/python3', [script, join(this.#dir, 'files'), list], { encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(ran.stderr);
    this.#published.push(...(JSON.parse(ran.stdout) as Published[]));
  }

  /** A lock file of these packages (`name`, or `name==version`), as pip-compile --generate-hashes writes one. */
  lockFile(...wanted: string[]): string {
    const chosen = this.#published.filter(({ name, version }) => wanted.includes(name) || wanted.includes(`${name}==${version}`));
    const entries = [...new Set(chosen.map(({ name, version }) => `${name}==${version}`))].map((pin) => {
      const hashes = chosen.filter(({ name, version }) => `${name}==${version}` === pin).map(({ sha256 }) => `    --hash=sha256:${sha256}`);
      return [pin, ...hashes].join(' \\\n');
    });
    return [`--index-url ${this.url}`, ...entries, ''].join('\n');
  }

  #answer(path: string): string | Buffer | null {
    const file = /^\/files\/([^/]+)$/.exec(path)?.[1];
    if (file !== undefined) return this.#published.some((each) => each.file === file) ? readFileSync(join(this.#dir, 'files', file)) : null;
    const name = /^\/simple\/([^/]+)\/$/.exec(path)?.[1];
    const links = this.#published.filter((each) => each.name === name).map(({ file: href, sha256, requiresPython }) => {
      const python = requiresPython === null ? '' : ` data-requires-python="${requiresPython.replaceAll('>', '&gt;')}"`;
      return `<a href="/files/${href}#sha256=${sha256}"${python}>${href}</a>`;
    });
    return links.length === 0 ? null : `<!DOCTYPE html><html><body>${links.join('\n')}</body></html>`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => { this.#server?.close(() => resolve()); });
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Says why and gives false where the machine lacks what the wheels and the venv are made of. */
export function pythonIsThere(): boolean {
  const ran = spawnSync('/usr/bin/python3', ['-c', 'import flask, gunicorn, pip, venv, pkg_resources'], { encoding: 'utf8' });
  if (ran.status === 0) return true;
  console.log(`skipped: python3-flask, python3-gunicorn and python3-pip are needed (${(ran.stderr || String(ran.error)).trim().split('\n').at(-1)})`);
  return false;
}
