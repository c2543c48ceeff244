import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/run.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const HOST_SET = join(ROOT, 'nix-templates/host');
export const APPS = join(ROOT, 'apps');

export interface Built {
  /** 0, or something else: a client of the daemon gets 1 where a nix of its own gives 100 or 102. */
  readonly code: number | null;
  /** The store path; empty when nothing was built. */
  readonly path: string;
  /** Both streams, as the user sees them. */
  readonly log: string;
}

/** A source tree that is built on the host package set through the daemon, as a push does it. */
export class HostWorld {
  readonly dir = mkdtempSync(join(tmpdir(), 'hop3-host-'));
  readonly source = join(this.dir, 'source');

  constructor() {
    mkdirSync(this.source);
  }

  /** Builds the attribute `package` of an expression in which `pkgs`, `lib` and a never-used `salt` are known. */
  build(body: string, ...flags: string[]): Promise<Built> {
    // Nothing is taken from an earlier run: the salt is in every derivation that names it.
    const salt = `${process.pid}-${Date.now()}`;
    writeFileSync(join(this.source, 'hop3.nix'), `{ pkgs ? import <nixpkgs> { } }:\nlet inherit (pkgs) lib; salt = "${salt}"; in\n{ package = ${body}; }\n`);
    return this.buildFile(...flags);
  }

  /** Builds a copy of one of apps/. */
  buildApp(app: string): Promise<Built> {
    cpSync(join(APPS, app), this.source, { recursive: true });
    return this.buildFile();
  }

  async buildFile(...flags: string[]): Promise<Built> {
    const lines: string[] = [];
    const finished = await run(
      {
        file: 'nix-build',
        args: [
          join(this.source, 'hop3.nix'), '-A', 'package', '--no-out-link',
          '-I', `nixpkgs=${HOST_SET}`, '-I', `hop3-source=${this.source}`,
          '--option', 'restrict-eval', 'true', '--option', 'sandbox', 'true',
          // As a push does: a cache that cannot be reached costs seconds a build.
          '--option', 'substituters', '', ...flags,
        ],
        limit: 60,
        env: { NIX_REMOTE: 'daemon', NIX_PATH: '', HOME: this.dir },
      },
      { onLine: (line) => lines.push(line) },
    );
    return { code: finished.code, path: finished.stdout.trim(), log: lines.join('\n') };
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.source, name), text);
  }

  end(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A file of a build, or the reason why there is none. */
export function read(built: Built, file = ''): string {
  if (built.code !== 0) throw new Error(`the build failed:\n${built.log}`);
  return readFileSync(join(built.path, file), 'utf8');
}
