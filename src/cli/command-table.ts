import type { Handler } from './command-context.ts';

export interface CommandSpec {
  /** `env set`: a noun and a verb, or one word. */
  readonly path: string;
  /** Positional arguments as commander writes them: `[version]`, `<names...>`. The app is never one. */
  readonly args?: string;
  readonly summary: string;
  readonly example: string;
  /** Whether the command is about one app. */
  readonly app: boolean;
  readonly options?: readonly (readonly [flags: string, description: string])[];
  /** Commands are loaded when they run, so that `hop3 --version` loads none. */
  readonly load: () => Promise<Handler>;
}

const LIMIT = ['-n, --limit <count>', 'how many to list (15)'] as const;

export const commandTable: readonly CommandSpec[] = [
  {
    path: 'up', summary: 'start the server, nginx and the apps on this machine; with --detach, replace the server of another version', example: 'hop3 up --detach', app: false,
    options: [['-d, --detach', 'return when everything answers, instead of staying in the foreground']],
    load: async () => (await import('./commands/supervise.ts')).upCommand,
  },
  {
    path: 'down', summary: 'end every process of Hop3 on this machine', example: 'hop3 down', app: false,
    load: async () => (await import('./commands/supervise.ts')).downCommand,
  },
  {
    path: 'status', summary: 'how server, nginx and apps are; also when the server is down', example: 'hop3 status --server-log', app: false,
    options: [['--server-log', "show the last lines of the server's own log"], ['-n, --lines <count>', 'lines of the log (100)']],
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    path: 'gc', summary: 'remove what nothing needs any more: old builds and logs, leftovers', example: 'hop3 gc --dry-run', app: false,
    options: [['--dry-run', 'only say what would go, and how much it is'], ['--store', "every dead path of the machine's Nix store, too (nix-store --gc)"]],
    load: async () => (await import('./commands/gc.ts')).collectGarbage,
  },
  {
    path: 'doctor', summary: 'look at all that Hop3 needs on this machine, and say what to do; also when the server is down', example: 'hop3 doctor', app: false,
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    path: 'app list', summary: 'list the apps', example: 'hop3 apps', app: false,
    load: async () => (await import('./commands/app.ts')).listApps,
  },
  {
    path: 'app create', summary: 'make an app (a first push with the admin token does it too)', example: 'hop3 app create --app shop', app: true,
    load: async () => (await import('./commands/app.ts')).createApp,
  },
  {
    path: 'app status', summary: 'release, processes and last build of one app', example: 'hop3 app status --app shop', app: true,
    load: async () => (await import('./commands/app.ts')).showApp,
  },
  {
    path: 'app set-branch', args: '<branch>', summary: 'make another branch the deployed one; what is live stays', example: 'hop3 app set-branch release --app shop', app: true,
    load: async () => (await import('./commands/app.ts')).setBranch,
  },
  {
    path: 'app destroy', summary: 'remove an app with its releases, variables, logs and data', example: 'hop3 app destroy --app shop --confirm=shop', app: true,
    load: async () => (await import('./commands/app.ts')).destroyApp,
  },
  {
    path: 'releases list', summary: 'list releases, newest first', example: 'hop3 releases -n 5', app: true, options: [LIMIT],
    load: async () => (await import('./commands/releases.ts')).listReleases,
  },
  {
    path: 'releases show', args: '<version>', summary: 'one release in full', example: 'hop3 releases show v3', app: true,
    load: async () => (await import('./commands/releases.ts')).showRelease,
  },
  {
    path: 'rollback', args: '[version]', summary: 'go back to a release, code and variables, without building', example: 'hop3 rollback v3', app: true,
    load: async () => (await import('./commands/releases.ts')).rollback,
  },
  {
    path: 'restart', summary: 'start the live release anew, without dropping requests', example: 'hop3 restart --app shop', app: true,
    load: async () => (await import('./commands/releases.ts')).restart,
  },
  {
    path: 'logs', summary: 'what the processes of an app write', example: 'hop3 logs -n 50 --worker web --tail', app: true,
    options: [
      ['-n, --lines <count>', 'lines from the end (100)'],
      ['-t, --tail', 'go on with what is written from now on'],
      ['-w, --worker <name>', 'only this process (web.1) or type (web)'],
      ['-r, --release <version>', 'only what this release wrote'],
      ['-g, --grep <text>', 'only lines that hold this text, in upper or lower case'],
      ['--since <when>', 'only what was written since then: 10m, 2h, or 2026-11-23T05:12'],
      ['--build [build]', 'the log of a build instead, by default the last; with --release that of its build'],
    ],
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    path: 'builds list', summary: 'list builds, failed ones too, newest first', example: 'hop3 builds', app: true, options: [LIMIT],
    load: async () => (await import('./commands/builds.ts')).listBuilds,
  },
  {
    path: 'builds cancel', args: '[build]', summary: 'end a build or a wait before it goes live; by default what is under way', example: 'hop3 builds cancel b12', app: true,
    load: async () => (await import('./commands/builds.ts')).cancelBuild,
  },
  {
    path: 'builds show', args: '<build>', summary: 'one build in full', example: 'hop3 builds show b12', app: true,
    load: async () => (await import('./commands/builds.ts')).showBuild,
  },
  {
    path: 'builds log', args: '[build]', summary: 'the log of a build (b12), or of the build of a release (v3); by default the last', example: 'hop3 builds log v3', app: true,
    load: async () => (await import('./commands/builds.ts')).showBuildLog,
  },
  {
    path: 'ps list', summary: 'the processes of an app', example: 'hop3 ps', app: true,
    load: async () => (await import('./commands/ps.ts')).listProcesses,
  },
  {
    path: 'ps scale', args: '<TYPE=count...>', summary: 'change how many processes of a type run; kept across releases', example: 'hop3 ps scale web=2 worker=3', app: true,
    load: async () => (await import('./commands/ps.ts')).scaleProcesses,
  },
  {
    path: 'cron list', summary: 'the [[cron]] lines of the live release: next run, last run and how it ended', example: 'hop3 cron', app: true,
    load: async () => (await import('./commands/cron.ts')).listCron,
  },
  {
    path: 'cron run', args: '<name>', summary: 'run a cron line now, show its output and wait for its end', example: 'hop3 cron run nightly', app: true,
    load: async () => (await import('./commands/cron.ts')).runCron,
  },
  {
    path: 'run', args: '<command...>', summary: "run a command in the live release's sandbox and environment", example: 'hop3 run -- python manage.py migrate', app: true,
    options: [['--no-tty', 'three pipes even where there is a terminal: output and errors apart, nothing changed']],
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    path: 'env show', summary: 'the variables you set, with their values', example: 'hop3 env', app: true,
    options: [['--sources', 'all variables of the live release, and where each comes from; secrets hidden'], ['--values', 'the same, with the values of secrets']],
    load: async () => (await import('./commands/env.ts')).showEnv,
  },
  {
    path: 'env get', args: '<name>', summary: 'the value of one variable', example: 'hop3 env get DATABASE_URL', app: true,
    load: async () => (await import('./commands/env.ts')).getEnv,
  },
  {
    path: 'env set', args: '<NAME=value...>', summary: 'set variables and restart into them, as a new release', example: "hop3 env set LOG_LEVEL=debug GREETING='Good day'", app: true,
    options: [['--stdin', 'read the value of the one NAME given from standard input, byte for byte'], ['--file <path>', 'read it from a file']],
    load: async () => (await import('./commands/env.ts')).setEnv,
  },
  {
    path: 'env unset', args: '<names...>', summary: 'take variables away and restart, as a new release', example: 'hop3 env unset LOG_LEVEL', app: true,
    load: async () => (await import('./commands/env.ts')).unsetEnv,
  },
  {
    path: 'domains list', summary: 'the names an app answers to besides its own', example: 'hop3 domains', app: true,
    load: async () => (await import('./commands/domains.ts')).listDomains,
  },
  {
    path: 'domains add', args: '<names...>', summary: 'let an app answer to more names', example: 'hop3 domains add shop.example.org www.example.org', app: true,
    load: async () => (await import('./commands/domains.ts')).addDomains,
  },
  {
    path: 'domains remove', args: '<name>', summary: 'take a name away', example: 'hop3 domains remove www.example.org', app: true,
    load: async () => (await import('./commands/domains.ts')).removeDomain,
  },
  {
    path: 'domains set', args: '<names...>', summary: 'these names and no others', example: 'hop3 domains set shop.example.org', app: true,
    load: async () => (await import('./commands/domains.ts')).setDomains,
  },
  {
    path: 'domains clear', summary: 'no names but its own', example: 'hop3 domains clear', app: true,
    load: async () => (await import('./commands/domains.ts')).clearDomains,
  },
  {
    path: 'maintenance on', summary: 'answer 503 to everybody, at once', example: 'hop3 maintenance on', app: true,
    load: async () => (await import('./commands/domains.ts')).maintenanceOn,
  },
  {
    path: 'maintenance off', summary: 'answer again', example: 'hop3 maintenance off', app: true,
    load: async () => (await import('./commands/domains.ts')).maintenanceOff,
  },
  {
    path: 'maintenance status', summary: 'whether maintenance is on', example: 'hop3 maintenance', app: true,
    load: async () => (await import('./commands/domains.ts')).maintenanceStatus,
  },
  {
    path: 'addon list', summary: 'the databases that you may see; with --app those of one app', example: 'hop3 addons', app: false,
    load: async () => (await import('./commands/addon.ts')).listAddons,
  },
  {
    path: 'addon types', summary: 'what addons there are, and the variables an app gets', example: 'hop3 addon types', app: false,
    load: async () => (await import('./commands/addon.ts')).listTypes,
  },
  {
    path: 'addon create', args: '<type>', summary: 'make a database for an app and restart it with its variables', example: 'hop3 addon create postgres --name reports', app: true,
    options: [['--name <name>', 'a name of its own, for a second one of a type: its variables begin with it'], ['--extension <names>', 'extensions of PostgreSQL, with commas between']],
    load: async () => (await import('./commands/addon.ts')).createAddon,
  },
  {
    path: 'addon show', args: '<addon>', summary: 'one addon: version, size, the apps that have it', example: 'hop3 addon show shop-postgres', app: true,
    load: async () => (await import('./commands/addon.ts')).showAddon,
  },
  {
    path: 'addon attach', args: '<addon>', summary: "give an app another app's database too", example: 'hop3 addon attach shop-postgres --app reports', app: true,
    load: async () => (await import('./commands/addon.ts')).attachAddon,
  },
  {
    path: 'addon detach', args: '<addon>', summary: 'take a database away from an app; its data stay', example: 'hop3 addon detach shop-postgres --app reports', app: true,
    load: async () => (await import('./commands/addon.ts')).detachAddon,
  },
  {
    path: 'addon destroy', args: '<addon>', summary: 'remove a database that no app has any more, with its data', example: 'hop3 addon destroy shop-postgres --confirm=shop-postgres', app: false,
    load: async () => (await import('./commands/addon.ts')).destroyAddon,
  },
  {
    path: 'addon query', args: '<addon> <text>', summary: "run SQL or a Redis command as the app's own user", example: "hop3 addon postgres query shop-postgres 'SELECT count(*) FROM orders'", app: true,
    load: async () => (await import('./commands/addon.ts')).queryAddon,
  },
  {
    path: 'addon dump', args: '<addon>', summary: 'write all of a database to a file or standard output', example: 'hop3 addon postgres dump shop-postgres --file shop.sql', app: true,
    options: [['--file <path>', 'where to (standard output)']],
    load: async () => (await import('./commands/addon.ts')).dumpAddon,
  },
  {
    path: 'addon restore', args: '<addon>', summary: "replace a database's contents with a dump", example: 'hop3 addon postgres restore shop-postgres --file shop.sql --confirm=shop-postgres', app: true,
    options: [['--file <path>', 'where from (standard input)']],
    load: async () => (await import('./commands/addon.ts')).restoreAddon,
  },
  {
    path: 'addon credentials', args: '<addon>', summary: "the variables with a database's address and password; --rotate makes a new password", example: 'hop3 addon credentials shop-postgres --rotate', app: true,
    options: [['--rotate', 'a new password, and a restart with it; the old one ends with the release that had it']],
    load: async () => (await import('./commands/addon.ts')).addonCredentials,
  },
  {
    path: 'token create', summary: 'make a token for one app or for an administrator; its text is shown once', example: 'hop3 token create --app shop --name ci --expires 30d', app: false,
    options: [['--admin', 'may do everything'], ['--name <name>', 'who or what will use it'], ['--expires <span>', 'end of life from now: 12h, 30d (never)']],
    load: async () => (await import('./commands/token.ts')).createToken,
  },
  {
    path: 'token list', summary: 'list tokens, without their texts', example: 'hop3 token list', app: false,
    load: async () => (await import('./commands/token.ts')).listTokens,
  },
  {
    path: 'token revoke', args: '<id>', summary: 'end a token by its id or name', example: 'hop3 token revoke ci', app: false,
    load: async () => (await import('./commands/token.ts')).revokeToken,
  },
  {
    path: 'audit', summary: 'who did what, from where, and how it ended; newest first', example: 'hop3 audit --app shop -n 50', app: false,
    options: [LIMIT, ['--before <id>', 'entries older than this one: the next page']],
    load: async () => (await import('./commands/audit.ts')).auditCommand,
  },
  {
    path: 'backup create', args: '[file]', summary: 'the whole server in one file, while everything runs', example: 'hop3 backup create monday.hop3 --passphrase-file /root/hop3-passphrase', app: false,
    options: [['--passphrase-file <path>', "encrypts the key of the stored secrets, which goes with the backup; - is standard input"], ['--without-key', 'leave that key out; you keep secret.key yourself']],
    load: async () => (await import('./commands/backup.ts')).createBackup,
  },
  {
    path: 'backup verify', args: '<file>', summary: 'whether a backup is whole, and what is in it; needs no server', example: 'hop3 backup verify monday.hop3', app: false,
    load: async () => (await import('./commands/backup.ts')).verifyBackup,
  },
  {
    path: 'backup restore', args: '<file>', summary: 'fill an empty HOP3_ROOT on this machine from a backup, and start everything', example: 'hop3 backup restore monday.hop3 --passphrase-file /root/hop3-passphrase', app: false,
    options: [['--passphrase-file <path>', 'the passphrase that it was made with; - is standard input'], ['--secret-key-file <path>', 'the key that was kept apart'], ['--no-start', 'only put the files in place; then start Hop3 and say hop3 backup finish']],
    load: async () => (await import('./commands/backup.ts')).restoreBackup,
  },
  {
    path: 'backup finish', summary: 'load the databases and start the apps of a restore; again where it was cut', example: 'hop3 backup finish', app: false,
    load: async () => (await import('./commands/backup.ts')).finishBackup,
  },
  {
    path: 'plan', args: '[dir]', summary: 'what a push of this directory would build; changes nothing', example: 'hop3 plan .', app: false,
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    path: 'nix generate', args: '[dir]', summary: 'print the expression that a push of this directory would build', example: 'hop3 nix generate > expression.nix', app: false,
    load: async () => (await import('./commands/nix-expression.ts')).generate,
  },
  {
    path: 'nix eject', args: '[dir]', summary: 'write the template as a hop3.nix of your own; deploys nothing', example: 'hop3 nix eject --app shop', app: true,
    load: async () => (await import('./commands/nix-expression.ts')).eject,
  },
  {
    path: 'nix tiers', args: '[dir...]', summary: 'tier of every app below these directories, without a server', example: 'hop3 nix tiers apps', app: false,
    load: async () => (await import('./commands/nix-tiers.ts')).tiers,
  },
  {
    path: 'nix check', args: '<package>', summary: "whether the server's package set has a package, and what its program is", example: 'hop3 nix check grafana', app: false,
    load: async () => (await import('./commands/nix-check.ts')).checkPackage,
  },
  {
    path: 'nix verify', args: '<version>', summary: 'build a release again and say whether it is bit-identical', example: 'hop3 nix verify v3', app: true,
    load: async () => (await import('./commands/nix-verify.ts')).verifyRelease,
  },
  {
    path: 'server info', summary: "the server's version, package set and settings", example: 'hop3 server info', app: false,
    load: async () => (await import('./commands/status.ts')).serverInfo,
  },
  {
    path: 'server rotate-key', summary: 'encrypt all stored secrets with a new key, and forget the one before', example: 'hop3 server rotate-key', app: false,
    load: async () => (await import('./commands/server.ts')).rotateKey,
  },
  {
    path: 'login', summary: 'keep a token for a server, read from the terminal or standard input', example: 'hop3 login --server http://hop3.example.org:7000 < token', app: false,
    load: async () => (await import('./commands/login.ts')).login,
  },
  {
    path: 'logout', summary: 'forget the token of a server', example: 'hop3 logout', app: false,
    load: async () => (await import('./commands/login.ts')).logout,
  },
  {
    path: 'version', summary: 'print the version of this command', example: 'hop3 version', app: false,
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
];

/** What a noun alone is about, for `hop3 help`. */
export const groupSummaries: Readonly<Record<string, string>> = {
  app: 'make, look at and remove apps',
  releases: 'what has been live',
  builds: 'attempts to build, and their logs',
  env: "an app's variables",
  ps: 'the processes of an app',
  cron: 'commands that run now and then',
  domains: 'the names an app answers to',
  maintenance: 'take an app offline for a while',
  addon: 'databases: PostgreSQL, MariaDB, Redis',
  backup: 'the whole server in a file, and back',
  token: 'who may push and use the API',
  nix: 'how apps are built: expressions, packages, tiers',
  server: 'about the server',
};
