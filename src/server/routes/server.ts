import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { runOk } from '../../run.ts';
import { formatMemory } from '../../limits.ts';
import { confinement } from '../../runtime/confinement.ts';
import { formatAddress, formatLimitSetting } from '../../settings.ts';
import type { ServerUrl, Settings } from '../../settings.ts';
import { workerStatuses } from '../../runtime/services.ts';
import { answersHttp } from '../../http-answers.ts';
import { visibleApps } from '../api-access.ts';
import type { GarbageInfo, ServerInfo, StatusInfo } from '../api-types.ts';
import { appStates } from '../app-detail.ts';
import { isAdmin, type Principal } from '../auth.ts';
import type { ServerContext } from '../context.ts';
import { readServerLog } from '../../server-log.ts';
import { VERSION } from '../../version.ts';

const Lines = Type.Object({ lines: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }) }, { additionalProperties: false });

const Collection = Type.Object({ dry_run: Type.Optional(Type.Boolean()), store: Type.Optional(Type.Boolean()) }, { additionalProperties: false });

export function serverRoutes(context: ServerContext): FastifyPluginCallbackTypebox {
  const startedAt = new Date().toISOString();
  return (api, _options, done) => {
    const serverInfo = async (principal: Principal): Promise<ServerInfo> => ({
      version: VERSION,
      api: 'v1',
      nix: await nixVersion(),
      package_set: await context.packageSetTitle().catch(() => null),
      settings: isAdmin(principal) ? allSettings(context) : publicSettings(context),
      started_at: startedAt,
    });

    api.get('/server', { config: { access: 'token' } }, (request) => serverInfo(request.principal));

    api.get('/status', { config: { access: 'token' } }, async (request): Promise<StatusInfo> => {
      const [nginx, statuses] = await Promise.all([answersHttp(context.settings.httpListen), workerStatuses(context.paths)]);
      return {
        version: VERSION,
        started_at: startedAt,
        nginx: { address: formatAddress(context.settings.httpListen), answers: nginx },
        limits: limitsStatus(context),
        disk: diskText(context.settings),
        apps: appStates(context, visibleApps(context, request.principal), statuses),
      };
    });

    api.post('/gc', { config: { access: 'admin' }, schema: { body: Collection } }, async (request): Promise<GarbageInfo> => {
      const { dry_run: dryRun = false, store = false } = request.body;
      const { found, busy } = await context.deployer.collectGarbage({ dryRun, store });
      return { dry_run: dryRun, found, busy, bytes: found.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) };
    });

    api.get('/server/log', { config: { access: 'admin' }, schema: { querystring: Lines } }, async (request): Promise<{ lines: string[] }> => ({
      lines: await readServerLog(context.paths.serverLogs, request.query.lines),
    }));

    api.post('/server/secret-key', { config: { access: 'admin' } }, (request): { values: number; key_file: string } => {
      const values = context.store.changeSecretKey();
      request.log.info(`${request.principal.name} changed the key of the stored secrets: ${values} values are encrypted anew`);
      return { values, key_file: context.settings.secretKeyFile };
    });
    done();
  };
}

function limitsStatus({ paths }: ServerContext): StatusInfo['limits'] {
  const { by, text } = confinement(paths);
  return { kept_by: by, text };
}

function diskText({ limitData, minFree }: Settings): string {
  const data = limitData === null ? 'data of apps are not limited (HOP3_LIMIT_DATA)' : `an app whose data are measured above ${formatMemory(limitData)} is stopped`;
  return `${data}; ${minFree === 0 ? 'builds may fill the disk (HOP3_MIN_FREE)' : `builds end when less than ${formatMemory(minFree)} is free`}`;
}

/** What someone with a token for one app needs: where apps answer and how long things may take. */
function publicSettings({ settings }: ServerContext): ServerInfo['settings'] {
  return {
    HOP3_DOMAIN: settings.domain,
    HOP3_HTTP_LISTEN: formatAddress(settings.httpListen),
    HOP3_BUILD_TIMEOUT: settings.buildTimeout,
    HOP3_MAX_PUSH_BYTES: settings.maxPushBytes,
    HOP3_KEEP_RELEASES: settings.keepReleases,
    HOP3_KEEP_BYTES: settings.keepBytes === null ? 'none' : formatMemory(settings.keepBytes),
    HOP3_LIMIT_DATA: settings.limitData === null ? 'none' : formatMemory(settings.limitData),
    HOP3_MIN_FREE: formatMemory(settings.minFree),
    HOP3_KEEP_BUILD_LOGS: settings.keepBuildLogs,
    HOP3_LIMIT_MEMORY: formatLimitSetting(settings.limits.memory, formatMemory),
    HOP3_LIMIT_CPU: formatLimitSetting(settings.limits.cpu),
    HOP3_LIMIT_PROCESSES: formatLimitSetting(settings.limits.processes),
  };
}

function allSettings(context: ServerContext): ServerInfo['settings'] {
  const { settings } = context;
  const { nixpkgs } = settings;
  return {
    HOP3_ROOT: settings.root,
    HOP3_LISTEN: formatAddress(settings.listen),
    HOP3_TLS_CERT: settings.tls?.cert ?? 'none',
    HOP3_MAX_CONNECTIONS: settings.maxConnections,
    HOP3_AUDIT_DAYS: settings.auditDays,
    HOP3_NIXPKGS: nixpkgs.kind === 'path' ? nixpkgs.path : nixpkgs.kind === 'revision' ? `${nixpkgs.rev}#${nixpkgs.sha256}` : nixpkgs.kind,
    HOP3_ADMIN_TOKEN_FILE: settings.adminTokenFile,
    HOP3_SECRET_KEY_FILE: settings.secretKeyFile,
    ...publicSettings(context),
    HOP3_BUILD_SILENCE: settings.buildSilence,
    HOP3_EVAL_TIMEOUT: settings.evalTimeout,
    HOP3_ALLOW_UNSANDBOXED_BUILDS: settings.allowUnsandboxedBuilds ? 1 : 0,
    HOP3_EVAL_MEMORY: formatMemory(settings.evalMemory),
    HOP3_BUILD_CORES: settings.buildCores,
    HOP3_MAX_LOG_BYTES: settings.maxLogBytes,
    HOP3_PARALLEL_BUILDS: settings.parallelBuilds,
    HOP3_DRAIN_TIMEOUT: settings.drainTimeout,
    HOP3_WORKER_PORTS: settings.workerPorts.join('-'),
    HOP3_ADDON_PORTS: settings.addonPorts.join('-'),
    HOP3_POSTGRES_URL: addonServer(settings.addonServers.postgres),
    HOP3_MYSQL_URL: addonServer(settings.addonServers.mysql),
  };
}

/** Whose server addons are made on: "boss@db.example.org:5432". The password is never shown. */
function addonServer(server: ServerUrl | null): string {
  return server === null ? "Hop3's own" : `${server.user}@${formatAddress(server)}`;
}

/** "2.8.0", or null where nix is missing: the page must also answer on a server that cannot build. */
async function nixVersion(): Promise<string | null> {
  const text = await runOk({ file: 'nix-build', args: ['--version'], limit: 10 }).catch(() => '');
  return /\b(\d+\.\d+[.\w]*)/.exec(text)?.[1] ?? null;
}
