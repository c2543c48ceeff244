import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { Hop3Error } from '../src/errors.ts';
import type { PushLog } from '../src/log.ts';
import { asOid, parseAppName, type AppName, type StorePath } from '../src/names.ts';
import { Paths } from '../src/paths.ts';
import { Cron } from '../src/pipeline/cron.ts';
import type { GarbageReport } from '../src/pipeline/gc.ts';
import { DiskWatch } from '../src/pipeline/disk-watch.ts';
import { HealthWatch } from '../src/pipeline/health-watch.ts';
import { AddonHost } from '../src/pipeline/addon-host.ts';
import { PortWatch } from '../src/pipeline/port-watch.ts';
import type { AddonChange, Deployer, Release } from '../src/pipeline/model.ts';
import { AuditLog } from '../src/server/audit.ts';
import { Authenticator, createAdminToken, createToken } from '../src/server/auth.ts';
import { buildServer } from '../src/server/build-server.ts';
import type { ServerContext } from '../src/server/context.ts';
import { readSettings } from '../src/settings.ts';
import { Store } from '../src/store/store.ts';

type Answer = Awaited<ReturnType<FastifyInstance['inject']>>;

/** The shipped server on a store and a directory of its own; deploys are made up, everything else is real. */
export class ApiWorld {
  readonly dir: string;
  readonly context: ServerContext;
  readonly deployer: MadeUpDeployer;
  readonly server: FastifyInstance;
  /** What was reported as a defect; a spec that causes none expects this to be empty. */
  readonly defects: unknown[] = [];
  readonly admin: string;
  /** Every route but /healthz, as it was registered. */
  readonly routes: { readonly method: string; readonly url: string; readonly schema?: FastifySchema | undefined }[] = [];

  private constructor(dir: string, admin: string, store: Store, adminTokenFile: string) {
    const settings = readSettings({ HOP3_ROOT: dir, HOP3_NIXPKGS: 'host', HOP3_DOMAIN: 'apps.test', HOP3_ADMIN_TOKEN_FILE: adminTokenFile });
    this.dir = dir;
    this.admin = admin;
    this.deployer = new MadeUpDeployer(store);
    this.context = {
      settings, store, paths: new Paths(dir), deployer: this.deployer,
      auth: new Authenticator(store.tokens, adminTokenFile),
      audit: new AuditLog(store.audit, settings.auditDays, (where, error) => this.defects.push([where, error])),
      addons: new AddonHost({ settings, store, paths: new Paths(dir) }),
      cron: new Cron({ settings, store, paths: new Paths(dir), addons: new AddonHost({ settings, store, paths: new Paths(dir) }), reportDefect: (where, error) => this.defects.push([where, error]) }),
      health: new HealthWatch({ settings, store, paths: new Paths(dir), reportDefect: (where, error) => this.defects.push([where, error]) }),
      disk: new DiskWatch({ settings, store, paths: new Paths(dir), reportDefect: (where, error) => this.defects.push([where, error]) }),
      ports: new PortWatch({ settings, store, paths: new Paths(dir), reportDefect: (where, error) => this.defects.push([where, error]) }),
      planFiles: async (files) => ({
        mode: 'template', template: 'nixpkgs-wrapper', tier: 1,
        assurance: { reproducible: false, auditable: true, architectures: ['x86_64-linux'], reasons: [] },
        expression: `# ${files.eject ? 'ejected ' : ''}${files.app} ${files.hop3Toml?.text ?? 'no hop3.toml'}\n`,
        notices: [`saw ${files.names.join(' ')}`], packageSet: 'host',
      }),
      checkPackage: async (name) => {
        if (name !== 'grafana') throw new Hop3Error('HOP3_NO_PACKAGE', { what: `The package set has no "${name}" (host).`, next: 'Near it: grafana.' });
        return {
          path: name, name: 'grafana-13.0', version: '13.0', description: 'Dashboards', mainProgram: 'grafana', programs: null, broken: false,
          insecure: false, unfree: false, unsupported: false, vulnerabilities: [], licenses: ['AGPL-3.0-only'], prebuilt: [],
        };
      },
      verifyRelease: (release, by, log, signal) => this.deployer.verify(release.app, release.version, by, log, signal),
      packageSetTitle: async () => 'host',
      reportDefect: (where, error) => this.defects.push([where, error]),
    };
    this.server = buildServer(this.context);
    this.server.addHook('onRoute', ({ method, url, schema }) => {
      for (const one of [method].flat()) this.routes.push({ method: one, url, schema });
    });
  }

  static async start(): Promise<ApiWorld> {
    const dir = mkdtempSync(join(tmpdir(), 'hop3-api-'));
    const adminTokenFile = join(dir, 'admin.token');
    await createAdminToken(adminTokenFile);
    const world = new ApiWorld(dir, readFileSync(adminTokenFile, 'utf8').trim(), Store.open(join(dir, 'hop3.db'), join(dir, 'secret.key')), adminTokenFile);
    await world.server.ready();
    return world;
  }

  get store(): Store {
    return this.context.store;
  }

  async stop(): Promise<void> {
    await this.server.close();
    this.store.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  app(name: string): AppName {
    const app = parseAppName(name);
    this.store.apps.create(app, 'admin');
    return app;
  }

  tokenFor(app: AppName | null, name = 'ci'): string {
    return createToken(this.store, { name, app, expiresAt: null }).text;
  }

  /** A build that went live as the app's next release. */
  released(app: AppName, letter: string, env: Record<string, string> = {}): number {
    return recordRelease(this.store, app, letter, 'push', `Deploy ${letter.repeat(7)}`, 'ann', env);
  }

  buildLog(app: AppName, number: number, text: string): void {
    const file = this.context.paths.buildLog(app, number);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options: { token?: string | null; body?: unknown; headers?: Record<string, string> } = {}): Promise<Answer> {
    const token = options.token === undefined ? this.admin : options.token;
    return this.server.inject({
      method, url: path.startsWith('/apps') || path.startsWith('/tokens') ? `/api/v1${path}` : path,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...options.headers },
      ...(options.body === undefined ? {} : { payload: options.body as object }),
    });
  }
}

/** The lines of a streamed answer. */
export function events(answer: Answer): { kind: string; text?: string; release?: { version: number } | null; error?: { code: string; what: string } }[] {
  return answer.body.trim().split('\n').map((line) => JSON.parse(line) as { kind: string });
}

/** Writes the rows a deploy would write, without deploying. `fails` makes the next one fail; `hangs` makes it wait for its signal. */
export class MadeUpDeployer implements Deployer {
  readonly #store: Store;
  readonly calls: string[] = [];
  fails: Hop3Error | Error | null = null;
  hangs = false;
  /** What builds that have not ended wait for. */
  waiting: string | null = null;
  /** Set once a hanging deploy was told to stop. */
  cancelled = false;

  constructor(store: Store) {
    this.#store = store;
  }

  push(): Promise<Release> {
    throw new Error('no spec pushes to a made-up deployer');
  }

  async rollback(app: AppName, to: number | null, by: string, log: PushLog, signal: AbortSignal): Promise<Release> {
    await this.#begin(`rollback ${app} ${to} by ${by}`, log, signal);
    const target = this.#store.releases.get(app, to ?? 1)!;
    return this.#live(app, recordRelease(this.#store, app, target.commit[0]!, 'rollback', `Rollback to v${target.version}`, by, target.env));
  }

  async setEnv(app: AppName, changes: Readonly<Record<string, string | null>>, by: string, log: PushLog, signal: AbortSignal): Promise<Release | null> {
    await this.#begin(`setEnv ${app} ${Object.keys(changes).join(',')} by ${by}`, log, signal);
    log.line(`values: ${Object.values(changes).join(' ')}`);
    const live = this.#store.releases.live(app);
    if (!live) {
      this.#store.env.change(app, changes);
      return null;
    }
    const env = Object.fromEntries(Object.entries({ ...live.env, ...changes }).filter((pair): pair is [string, string] => pair[1] !== null));
    return this.#live(app, recordRelease(this.#store, app, live.commit[0]!, 'env', `Set ${Object.keys(changes).join(', ')}`, by, env));
  }

  async changeAddons(app: AppName, change: AddonChange, by: string, log: PushLog, signal: AbortSignal): Promise<Release | null> {
    await this.#begin(`${change.kind} addon ${app} by ${by}`, log, signal);
    return null;
  }

  async scale(app: AppName, changes: Readonly<Record<string, number>>, by: string, log: PushLog, signal: AbortSignal): Promise<Release> {
    await this.#begin(`scale ${app} ${JSON.stringify(changes)} by ${by}`, log, signal);
    return this.#live(app, this.#store.releases.live(app)!.version);
  }

  async restart(app: AppName, by: string, log: PushLog, signal: AbortSignal): Promise<Release> {
    await this.#begin(`restart ${app} by ${by}`, log, signal);
    const live = this.#store.releases.live(app);
    if (!live) throw new Hop3Error('HOP3_NO_RELEASE', { what: `${app} has no live release yet.` });
    return this.#live(app, live.version);
  }

  async restore(app: AppName, by: string, log: PushLog, signal: AbortSignal): Promise<Release> {
    await this.#begin(`restore ${app} by ${by}`, log, signal);
    return this.#live(app, this.#store.releases.live(app)!.version);
  }

  async verify(app: AppName, version: number, by: string, log: PushLog, signal: AbortSignal): Promise<void> {
    await this.#begin(`verify ${app} v${version} by ${by}`, log, signal);
  }

  async cancel(app: AppName, number: number, by: string): Promise<void> {
    this.calls.push(`cancel ${app} b${number} by ${by}`);
    if (this.fails) throw this.fails;
    this.#store.builds.end(app, number, 'cancelled', { error: `[HOP3_CANCELLED] by ${by}` });
  }

  waitsFor(): string | null {
    return this.waiting;
  }

  async createApp(app: AppName, by: string): Promise<void> {
    this.calls.push(`create ${app} by ${by}`);
    if (this.#store.apps.get(app)) throw new Hop3Error('HOP3_APP_EXISTS', { what: `There is an app named ${app} already.` });
    this.#store.apps.create(app, by);
  }

  async setBranch(app: AppName, branch: string, by: string): Promise<void> {
    this.calls.push(`setBranch ${app} ${branch} by ${by}`);
    this.#store.apps.setBranch(app, branch);
  }

  async collectGarbage({ dryRun, store }: { readonly dryRun: boolean; readonly store: boolean }): Promise<GarbageReport> {
    this.calls.push(`gc${dryRun ? ' dry' : ''}${store ? ' store' : ''}`);
    return {
      found: [{ kind: 'builds', app: parseAppName('shop'), what: 'builds of v1, v2', bytes: 3000 }, { kind: 'store', app: null, what: '7 store paths that no root keeps', bytes: null }],
      busy: [{ app: parseAppName('blog'), with: 'deploy of 1a2b3c4 by ci' }],
    };
  }

  async destroyApp(app: AppName, by: string): Promise<void> {
    this.calls.push(`destroy ${app} by ${by}`);
    this.#store.apps.remove(app);
  }

  async #begin(call: string, log: PushLog, signal: AbortSignal): Promise<void> {
    this.calls.push(call);
    log.phase('Working');
    if (this.hangs) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      this.cancelled = true;
      throw new Hop3Error('HOP3_CANCELLED', { what: 'The deploy was cancelled.' });
    }
    if (this.fails) throw this.fails;
  }

  #live(app: AppName, version: number): Release {
    return { ...this.#store.releases.get(app, version)!, storePath: storePath('x') };
  }
}

function recordRelease(store: Store, app: AppName, letter: string, reason: 'push' | 'rollback' | 'env', description: string, by: string, env: Readonly<Record<string, string>>): number {
  const commit = asOid(letter.repeat(40));
  const build = store.builds.begin(app, commit, by);
  store.builds.built(app, build, { tree: commit, buildKey: 'k', storePath: storePath(letter), root: build, runtime: '{}', config: '{}' });
  const version = store.releases.nextVersion(app);
  store.releases.beginSwitch({ app, version, build, slot: version % 2 === 1 ? 'a' : 'b', reason, description, branch: 'main', by, env, generated: [] });
  store.releases.finishSwitch(app, version);
  store.builds.end(app, build, 'released', { release: version });
  return version;
}

function storePath(name: string): StorePath {
  return `/nix/store/${'0'.repeat(32)}-${name}` as StorePath;
}
