import { type Static, Type, type TSchema } from 'typebox';
import { CPU_RANGE, formatMemory, MEMORY_RANGE, parseMemory, PROCESSES_RANGE } from '../limits.ts';
import { printable } from '../names.ts';
import { refuseDomain } from './domains.ts';
import { NIX_KEYS } from './nix-keys.ts';
import { refuseSchedule } from './schedule.ts';
import { choice, commands, filledText, flag, matching, oneOf, type Refusal, scalar, tables, text, textList, VARIABLE, whole } from './shapes.ts';

/** No unknown keys: a slip of the pen here would change what is built or how it runs. */
const strict = { additionalProperties: false, description: 'a table' } as const;
const lenient = { description: 'a table' } as const;
const optional = Type.Optional;

const Metadata = Type.Object({
  id: optional(matching('^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', 'a name of letters, digits, ".", "_" and "-" (64 at most)')),
  version: optional(text()),
  title: optional(text()),
  description: optional(text()),
  author: optional(text()),
  homepage: optional(text()),
  license: optional(text()),
  categories: optional(textList()),
}, lenient);

const Build = Type.Object({
  builder: optional(oneOf(['nix', 'auto', 'local', 'docker'], { description: choice(['nix', 'auto']), refuse: refuseBuilder })),
  build: optional(commands()),
  'before-build': optional(commands()),
  test: optional(commands()),
  packages: optional(textList()),
  'pip-install': optional(Type.Union([text(), textList()], { description: 'text in quotes, or a list of texts' })),
}, strict);

const Run = Type.Object({
  start: optional(filledText('a command in quotes')),
  'before-run': optional(commands()),
  packages: optional(textList()),
  'start-timeout': optional(whole(1, 3600, 'seconds')),
}, strict);

/** `{ generate = "hex" }` and its companions. */
export const Generate = Type.Object({
  generate: oneOf(['hex', 'base64', 'urlsafe', 'password', 'uuid']),
  length: optional(whole(1, 1024)),
  prefix: optional(text()),
  display: optional(flag()),
}, { ...strict, description: 'a table such as { generate = "password" }' });
export type Generate = Static<typeof Generate>;

const policy = () => oneOf(['keep-existing', 'override']);
const variableNames = 'names of variables (letters, digits and _, not beginning with a digit)';

const Computed = Type.Record(Type.String({ pattern: VARIABLE }), scalar(), {
  description: 'a table: [env.computed]', keys: variableNames,
});

/** What a value of `[env]` may be, besides the two names that are not variables. */
const EnvValue = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Generate], {
  description: 'text in quotes, a number, true, false, or a table such as { generate = "hex" }',
});

const Env = Type.Object({ _policy: optional(policy()), computed: optional(Computed) }, {
  additionalProperties: EnvValue, description: 'a table', keyPattern: VARIABLE, keys: variableNames,
});

const Admin = Type.Object({
  username: optional(filledText()),
  email: optional(filledText()),
  password: optional(Generate),
  create: optional(commands()),
}, lenient);

const Healthcheck = Type.Object({
  path: optional(matching('^/[!-~]*$', 'a path that begins with "/", without spaces')),
  timeout: optional(whole(1, 600, 'seconds')),
  interval: optional(whole(1, 86_400, 'seconds')),
  contains: optional(filledText()),
}, strict);

const Addon = Type.Object({
  type: oneOf(['postgres', 'mysql', 'redis', 's3'], { description: choice(['postgres', 'mysql', 'redis']), refuse: refuseAddon }),
  name: optional(matching('^[a-z][a-z0-9_-]{0,39}$', 'a name of lower-case letters, digits, "_" and "-" that begins with a letter (40 at most)')),
  extensions: optional(textList(matching('^[a-z][a-z0-9_-]{0,62}$', 'the name of a PostgreSQL extension, such as "uuid-ossp"'))),
}, strict);

/** What becomes the end of a variable's name: PORT_SMTP. */
const PORT_NAME = '^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$';

const Port = Type.Object({
  number: Type.Integer({ minimum: 1, maximum: 65_535, description: 'a port number from 1 to 65535, without quotes', refuse: refusePort }),
  protocol: optional(oneOf(['tcp', 'udp'])),
  name: optional(matching(PORT_NAME, 'a name of letters, digits, "_" and "-" (40 at most)')),
}, strict);

const CronLine = Type.Object({
  schedule: Type.String({ description: 'five fields in quotes such as "0 3 * * *", or a name such as "@daily"', refuse: refuseSchedule }),
  command: commands(),
  name: optional(matching('^[a-z][a-z0-9_-]{0,39}$', 'a name of lower-case letters, digits, "_" and "-" that begins with a letter (40 at most)')),
  timeout: optional(whole(1, 86_400, 'seconds')),
}, strict);

const Limits = Type.Object({
  memory: optional(Type.String({ description: 'a size such as "512M" or "2G", in quotes', refuse: refuseMemory })),
  cpu: optional(Type.Number({ minimum: CPU_RANGE[0], maximum: CPU_RANGE[1], description: `a number of cores from ${CPU_RANGE[0]} to ${CPU_RANGE[1]}, such as 1.5, without quotes` })),
  processes: optional(whole(...PROCESSES_RANGE)),
}, strict);

const DomainName = Type.String({ description: 'a host name in quotes', refuse: refuseDomain });

/** The whole file. Tables that are `Unknown` are read by nobody yet; parse.ts says so in the push log. */
export const HopToml = Type.Object({
  metadata: optional(Metadata),
  build: optional(Build),
  run: optional(Run),
  env: optional(Env),
  admin: optional(Admin),
  domains: optional(Type.Object({ list: optional(textList(DomainName)), _policy: optional(policy()) }, {
    description: 'a table: [domains] with list = ["example.org"]',
  })),
  port: optional(Type.Object({ web: optional(whole(1, 65_535)) }, lenient)),
  ports: optional(tables('ports', Port)),
  healthcheck: optional(Healthcheck),
  addons: optional(tables('addons', Addon)),
  cron: optional(tables('cron', CronLine)),
  provider: optional(tables('provider', Addon)),
  nix: optional(nixTable()),
  backup: optional(Type.Unknown()),
  test: optional(Type.Unknown()),
  // Read by the hop3 command on the pusher's machine, to know which app is meant.
  cli: optional(Type.Object({ app: optional(text()) }, lenient)),
  contexts: optional(Type.Unknown()),
  probe: optional(Type.Unknown()),
  limits: optional(Limits),
  volumes: optional(Type.Unknown()),
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
  for (const [key, { schema }] of Object.entries(NIX_KEYS)) keys[key] = key === 'template' ? schema : optional(schema);
  return Type.Object(keys, strict);
}
