import { type Static, Type, type TSchema } from 'typebox';
import { CPU_RANGE, formatMemory, MEMORY_RANGE, parseMemory, PROCESSES_RANGE } from '../limits.ts';
import { printable } from '../names.ts';
import { refuseDomain } from './domains.ts';
import { Env, Generate, policy } from './env-schema.ts';
import { NIX_KEYS } from './nix-keys.ts';
import { refuseSchedule } from './schedule.ts';
import { choice, commands, filledText, key, matching, needed, oneOf, type Refusal, tables, text, textList, whole } from './shapes.ts';

export { Generate } from './env-schema.ts';

/** No unknown keys: a slip of the pen here would change what is built or how it runs. */
const strict = { additionalProperties: false, description: 'a table' } as const;
const lenient = { description: 'a table' } as const;
const none = { withoutEffect: true } as const;

const Metadata = Type.Object({
  id: key(matching('^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', 'a name of letters, digits, ".", "_" and "-" (64 at most)'),
    'Name of the app inside the build.', { otherwise: 'the name of the app on the server', example: 'shop' }),
  version: key(text(), 'Version of the app; `${version}` in `[nix] url` and `source-root` stands for it.', { example: '1.10' }),
  title: key(text(), 'Shown to people.', { example: 'A small shop' }),
  description: key(text(), 'Shown to people.'),
  author: key(text(), 'For people who read the file.'),
  homepage: key(text(), 'For people who read the file.'),
  license: key(text(), 'For people who read the file.', { example: 'MIT' }),
  categories: key(textList(), 'For people who read the file.', { example: ['web'] }),
}, lenient);

const Build = Type.Object({
  builder: key(oneOf(['nix', 'auto', 'local', 'docker'], { description: choice(['nix', 'auto']), refuse: refuseBuilder, published: { enum: ['nix', 'auto'] } }),
    'This server builds with Nix either way; `"local"` and `"docker"` are refused.', { default: 'auto' }),
  build: key(commands(), 'Commands of other builders.', none),
  'before-build': key(commands(), 'Commands of other builders.', none),
  test: key(commands(), 'Commands of other builders.', none),
  packages: key(textList(), 'Packages for other builders.', none),
  'pip-install': key(Type.Union([text(), textList()], { description: 'text in quotes, or a list of texts', word: 'text or list of texts' }), 'For other builders.', none),
}, strict);

const Run = Type.Object({
  start: key(filledText('a command in quotes', 'command'),
    "The web process. Processes are named by the build's `runtime.json`; that this key does not start one is said in the log.", { example: 'gunicorn app:app' }),
  'before-run': key(commands(),
    'Runs once per release, in its sandbox and environment, before its workers start; a list is joined with `&&`. When it fails the push is rejected.',
    { example: ['./migrate', './seed'] }),
  'start-timeout': key(whole(1, 3600, 'seconds'), 'Seconds the release may take until it is healthy.', { default: 60, example: 180 }),
  packages: key(textList(), 'Packages of the host.', { ...none, example: ['git'] }),
}, strict);

const Admin = Type.Object({
  username: key(filledText(), 'Given to the app as `HOP3_ADMIN_USER`.', { default: 'admin' }),
  email: key(filledText(), 'Given to the app as `HOP3_ADMIN_EMAIL`.', { example: 'admin@example.org' }),
  password: key(Generate, 'Given to the app as `HOP3_ADMIN_PASSWORD`; made once and kept. A password written out is refused: the file is in the repository.',
    { default: { generate: 'password' } }),
  create: key(commands(), 'A command that makes the account, run once after the first release.'),
}, lenient);

const Healthcheck = Type.Object({
  path: key(matching('^/[!-~]*$', 'a path that begins with "/", without spaces'), 'Asked of the new release before it goes live.', { default: '/', example: '/healthz' }),
  timeout: key(whole(1, 600, 'seconds'), 'Seconds one request may take.', { default: 5 }),
  interval: key(whole(1, 86_400, 'seconds'), 'Seconds between requests after the deploy; `hop3 status` shows the last answer.', { default: 30 }),
  contains: key(filledText(), "What the answer's body must hold.", { example: 'Welcome' }),
}, strict);

const Addon = Type.Object({
  type: needed(oneOf(['postgres', 'mysql', 'redis', 's3'], {
    description: choice(['postgres', 'mysql', 'redis']), refuse: refuseAddon, published: { enum: ['postgres', 'mysql', 'redis'] },
  }), 'Required. `"s3"` is refused: not supported yet.'),
  name: key(matching('^[a-z][a-z0-9_-]{0,39}$', 'a name of lower-case letters, digits, "_" and "-" that begins with a letter (40 at most)'), 'Tells two of one type apart.'),
  extensions: key(textList(matching('^[a-z][a-z0-9_-]{0,62}$', 'the name of a PostgreSQL extension, such as "uuid-ossp"')), 'For postgres only.', { example: ['uuid-ossp'] }),
}, strict);

/** What becomes the end of a variable's name: PORT_SMTP. */
const PORT_NAME = '^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$';

const Port = Type.Object({
  number: needed(Type.Integer({
    minimum: 1, maximum: 65_535, description: 'a port number from 1 to 65535, without quotes', refuse: refusePort, published: { not: { enum: [22, 80, 443] } },
  }), 'Required. 22, 80 and 443 belong to the host.'),
  protocol: key(oneOf(['tcp', 'udp']), 'What is spoken on it.', { default: 'tcp' }),
  name: key(matching(PORT_NAME, 'a name of letters, digits, "_" and "-" (40 at most)'), 'Its variable is PORT_NAME: `PORT_SMTP` for `name = "smtp"`.', { example: 'smtp' }),
}, strict);

/** What an editor can check of them; the server also looks at the values. */
const PUBLISHED_SCHEDULE = '^\\s*(?:@(?:hourly|daily|midnight|weekly|monthly|yearly|annually)|[^\\s?@]+(?:\\s+[^\\s?]+){4})\\s*$';
const PUBLISHED_MEMORY = '^\\d{1,9}(?:\\.\\d{1,3})? ?[KMGTkmgt](?:[iI]?[bB])?$';

const CronLine = Type.Object({
  schedule: needed(Type.String({
    description: 'five fields in quotes such as "0 3 * * *", or a name such as "@daily"', refuse: refuseSchedule, published: { pattern: PUBLISHED_SCHEDULE },
  }), 'Required. When to run, in UTC: minute, hour, day of the month, month, day of the week.'),
  command: needed(commands(), 'Required. What to run, in the live release; a list is joined with `&&`.'),
  name: key(matching('^[a-z][a-z0-9_-]{0,39}$', 'a name of lower-case letters, digits, "_" and "-" that begins with a letter (40 at most)'), 'What its logs are called: `cron.<name>`.', { example: 'nightly' }),
  timeout: key(whole(1, 86_400, 'seconds'), 'Seconds that a run may take.', { default: 3600 }),
}, strict);

const Limits = Type.Object({
  memory: key(Type.String({ description: 'a size such as "512M" or "2G", in quotes', refuse: refuseMemory, published: { pattern: PUBLISHED_MEMORY } }), 'Memory of each process.', { example: '512M' }),
  cpu: key(Type.Number({ minimum: CPU_RANGE[0], maximum: CPU_RANGE[1], description: `a number of cores from ${CPU_RANGE[0]} to ${CPU_RANGE[1]}, such as 1.5, without quotes` }), 'Cores of each process.', { example: 1.5 }),
  processes: key(whole(...PROCESSES_RANGE), 'Processes and threads of each process.', { example: 100 }),
}, strict);

const DOMAIN = '^(?:_|(?=.{1,253}$)(?!\\d+(?:\\.\\d+){3}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\\.(?!$)|$))+)$';
const DomainName = Type.String({ description: 'a host name in quotes', refuse: refuseDomain, published: { pattern: DOMAIN } });

const Domains = Type.Object({
  list: key(textList(DomainName), 'Host names of letters, digits and hyphens, each once; or `"_"` alone for whatever name was asked for. Names beyond ASCII in their `xn--` form.',
    { example: ['shop.example.org'] }),
  _policy: key(policy(), 'As in `[env]`.', { default: 'keep-existing' }),
}, { description: 'a table: [domains] with list = ["example.org"]' });

/** The whole file. Tables that are `Unknown` are read by nobody yet. */
export const HopToml = Type.Object({
  metadata: key(Metadata, 'What the app is called.'),
  build: key(Build, 'Who builds the app.'),
  run: key(Run, 'What runs besides the workers, and how long a start may take.'),
  env: key(Env, "The app's environment: `NAME = value`."),
  admin: key(Admin, "An administrator's account for apps that need one at their first start. The password is made once and kept."),
  domains: key(Domains, 'Host names of the app besides `<app>.<domain of the server>`.'),
  port: key(Type.Object({ web: key(whole(1, 65_535), 'For people who read the file: a web worker listens on `$PORT`, whatever stands here.', { example: 8000 }) }, lenient),
    'For people who read the file.'),
  ports: key(tables('ports', Port), 'A fixed port of the host, for protocols other than HTTP.'),
  healthcheck: key(Healthcheck, 'What is asked of a new release before it goes live.'),
  addons: key(tables('addons', Addon), 'A database or the like that the app needs.'),
  cron: key(tables('cron', CronLine), 'A command that runs on a schedule.'),
  provider: key(tables('provider', Addon), 'The old name of `[[addons]]`; read the same way.', { retired: 'Write `[[addons]]`.' }),
  nix: key(nixTable(), 'Describes the build by a template, in place of a `hop3.nix`.'),
  backup: key(Type.Unknown(), 'What to back up.', none),
  test: key(Type.Unknown(), 'How the app is tested.', none),
  cli: key(Type.Object({ app: key(text(), 'Which app is meant by `hop3` commands in this directory.') }, lenient),
    'Read by the `hop3` command on your own machine.'),
  contexts: key(Type.Unknown(), 'Servers of the `hop3` command.', none),
  probe: key(Type.Unknown(), 'Checks of a running app.', none),
  limits: key(Limits, 'What each process of the app may use at most.'),
  volumes: key(Type.Unknown(), 'Directories that outlive a release.', none),
}, lenient);
export type HopToml = Static<typeof HopToml>;

function refuseBuilder(builder: string): ReturnType<Refusal<string>> {
  if (builder !== 'local' && builder !== 'docker') return null;
  const how = builder === 'docker' ? 'container images' : 'the build tools of the host';
  return `"${builder}" builds with ${how}, and this server builds with Nix only: write "nix", or leave the line out`;
}

function refuseAddon(type: string): ReturnType<Refusal<string>> {
  return type === 's3' ? '"s3" is not supported by this server yet; what there is: postgres, mysql, redis' : null;
}

function refuseMemory(text: string): ReturnType<Refusal<string>> {
  const bytes = parseMemory(text);
  const [least, most] = MEMORY_RANGE;
  if (bytes === null) return `"${printable(text)}" is no size; write a number and K, M, G or T, such as "512M" or "1.5G"`;
  if (bytes < least) return `"${printable(text)}" is less than any program needs; ${formatMemory(least)} is the least`;
  return bytes > most ? `"${printable(text)}" is more than ${formatMemory(most)}` : null;
}

/** ssh and the web server: an app that took one of these would lock everyone out. */
const HOST_PORTS = [22, 80, 443];

function refusePort(port: number): ReturnType<Refusal<number>> {
  return HOST_PORTS.includes(port) ? `port ${port} belongs to the host (22, 80 and 443 do); choose another` : null;
}

function nixTable() {
  const keys: Record<string, TSchema> = {};
  for (const [name, { schema, about }] of Object.entries(NIX_KEYS)) {
    keys[name] = name === 'template' ? needed(schema, about.meaning, about) : key(schema, about.meaning, about);
  }
  return Type.Object(keys, strict);
}
