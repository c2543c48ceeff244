import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StreamingLog, type PushLog } from '../../src/log.ts';
import { buildExpression, decideGivePkgs } from '../../src/nix/build.ts';
import type { BuildRequest, BuildResult, FixedOutput, PackageSet } from '../../src/nix/model.ts';
import type { NixSettings } from '../../src/nix/nix-command.ts';

/** Says why and gives false where there is no nix with a daemon. */
export function nixAnswers(): boolean {
  const answer = spawnSync('nix-store', ['--version'], { encoding: 'utf8' });
  if (answer.error) console.log('skipped: nix is not installed');
  const daemon = spawnSync('nix-store', ['--query', '--hash', '/nix/store/none'], { encoding: 'utf8', env: { ...process.env, NIX_REMOTE: 'daemon' } });
  const dead = /cannot connect/.test(daemon.stderr ?? '');
  if (!answer.error && dead) console.log('skipped: no nix-daemon runs');
  return !answer.error && !dead;
}

/** A HOP3_ROOT and a source tree of its own; `end` removes both. */
export class NixWorld {
  readonly root = mkdtempSync(join(tmpdir(), 'hop3-nix-'));
  readonly sourceDir = join(this.root, 'checkout', 'source');
  readonly shown: string[] = [];
  readonly log: PushLog & { close(): void };
  settings: NixSettings = { root: this.root, buildTimeout: 60, buildSilence: 60, evalTimeout: 60, allowUnsandboxedBuilds: false };
  packageSet: PackageSet;

  constructor(maxOutputBytes = 1024 * 1024) {
    this.log = new StreamingLog({ sinks: [(text) => { this.shown.push(text); }], maxOutputBytes });
    for (const dir of [this.sourceDir, join(this.root, 'set'), join(this.root, 'tool-home')]) mkdirSync(dir, { recursive: true });
    chmodSync(this.root, 0o755);
    writeFileSync(join(this.root, 'set', 'default.nix'), '{ ... }: { tool = "from the set"; }\n');
    this.packageSet = { kind: 'host', path: join(this.root, 'set'), id: 'spec', title: 'spec set' };
  }

  /** Builds a hop3.nix of this text in the source directory. */
  async build(text: string, signal?: AbortSignal): Promise<BuildResult> {
    const expression = join(this.sourceDir, 'hop3.nix');
    writeFileSync(expression, text);
    return buildExpression(this.request(expression, text), { settings: this.settings, log: this.log, signal });
  }

  /** Builds a rendered expression beside the source directory. */
  async buildRendered(text: string, hashes: readonly FixedOutput[] = []): Promise<BuildResult> {
    const expression = join(this.root, 'checkout', 'hop3.nix');
    writeFileSync(expression, text);
    return buildExpression({ ...this.request(expression, text), hashes }, { settings: this.settings, log: this.log });
  }

  request(expression: string, text: string): BuildRequest {
    const { givePkgs } = decideGivePkgs(text, this.packageSet);
    return { expression, sourceDir: this.sourceDir, packageSet: this.packageSet, rootLink: join(this.root, 'result'), givePkgs };
  }

  end(): void {
    this.log.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

let salt = 0;
/** A derivation of /bin/sh alone; its salt makes it one that was never built before. */
export function derivation(script: string, attributes = ''): string {
  salt += 1;
  return `derivation { name = "demo"; system = builtins.currentSystem; builder = "/bin/sh"; salt = "${process.pid}.${Date.now()}.${salt}"; PATH = "/usr/bin:/bin"; ${attributes} args = [ "-c" ${JSON.stringify(`${script}\nexit 0`).replaceAll('${', '\\${')} ]; }`;
}
