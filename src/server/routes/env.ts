import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Hop3Error } from '../../errors.ts';
import { printable } from '../../names.ts';
import { didYouMean } from '../../nearest.ts';
import { reportEnv } from '../../pipeline/env-report.ts';
import { existingApp } from '../api-access.ts';
import { streamDeploy } from '../api-stream.ts';
import { deployedInfo } from '../api-views.ts';
import type { EnvironmentInfo } from '../api-types.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';

const Changes = Type.Object(
  { set: Type.Record(Type.String(), Type.String(), { default: {} }), unset: Type.Array(Type.String(), { default: [] }) },
  { additionalProperties: false },
);
const Values = Type.Object({ values: Type.Optional(Type.Enum(['all'])) }, { additionalProperties: false });
const OneVariable = Type.Object({ app: Type.String(), name: Type.String() });

/** What one string of a process's environment may hold on Linux (MAX_ARG_STRLEN, 32 pages), less the name. */
const LONGEST_VALUE = 128 * 1024 - 256;

/** The operator's variables. An app's own token may read them: they are what the app runs with. */
export function envRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.get('/apps/:app/env', { config: { access: 'app' } }, (request) => ({ env: context.store.env.get(existingApp(context, request).name) }));

    api.get('/apps/:app/env/:name', { config: { access: 'app' }, schema: { params: OneVariable } }, (request) => {
      const { name: app } = existingApp(context, request);
      const env = context.store.env.get(app);
      const { name } = request.params;
      if (Object.hasOwn(env, name)) return { name, value: env[name] };
      throw new Hop3Error('HOP3_NO_VARIABLE', {
        what: `The operator of ${app} has set no ${printable(name)}.${didYouMean(name, Object.keys(env))}`,
        next: 'Variables of hop3.toml and of runtime.json are not listed here.',
      });
    });

    api.get('/apps/:app/environment', { config: { access: 'app' }, schema: { querystring: Values } }, (request): EnvironmentInfo => {
      const { name: app } = existingApp(context, request);
      const { version, order, variables } = reportEnv(context, app);
      const all = request.query.values === 'all';
      return {
        release: version, order,
        variables: Object.entries(variables).map(([name, { value, source, hides, secret }]) => ({ name, value: secret && !all ? null : value, source, hides, secret })),
      };
    });

    api.patch('/apps/:app/env', { config: { access: 'app' }, schema: { body: Changes } }, (request, reply) => {
      const { name } = existingApp(context, request);
      const changes = checkChanges(request.body.set, request.body.unset);
      return streamDeploy(context, streams, reply, async (log, signal) => {
        log.hide(Object.values(request.body.set));
        const release = await context.deployer.setEnv(name, changes, request.principal.name, log, signal);
        return release && deployedInfo(context, release);
      });
    });
    done();
  };
}

/** Both lists as one, refused when a name or value cannot stand in an environment. Values never enter the message. */
function checkChanges(set: Readonly<Record<string, string>>, unset: readonly string[]): Record<string, string | null> {
  if (Object.keys(set).length === 0 && unset.length === 0) throw refuse('There is nothing to set and nothing to unset.');
  for (const name of [...Object.keys(set), ...unset]) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name)) {
      throw refuse(`"${printable(name)}" cannot be a variable's name: letters, digits and _ only, not beginning with a digit.`);
    }
  }
  for (const [name, value] of Object.entries(set)) {
    if (value.includes('\0')) throw refuse(`The value of ${name} holds a NUL byte, which no process environment can carry.`);
    if (Buffer.byteLength(value) > LONGEST_VALUE) throw refuse(`The value of ${name} has more than ${LONGEST_VALUE} bytes, the most Linux passes to a process.`);
    if (unset.includes(name)) throw refuse(`${name} is to be set and unset at once.`);
  }
  return { ...Object.fromEntries(unset.map((name) => [name, null])), ...set };
}

function refuse(what: string): Hop3Error {
  return new Hop3Error('HOP3_USAGE', { what, next: 'Nothing was changed.' });
}
