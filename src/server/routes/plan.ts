import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Hop3Error } from '../../errors.ts';
import { parseAppName, printable } from '../../names.ts';
import { didYouMean } from '../../nearest.ts';
import { TIER_WORDS } from '../../nix/tiers.ts';
import { CONFIG_PLACES, PLANNED_FILES } from '../../source-files.ts';
import { appOf } from '../api-access.ts';
import type { PlanInfo } from '../api-types.ts';
import type { ServerContext } from '../context.ts';

const fields = {
  files: Type.Record(Type.String(), Type.String()),
  names: Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 100_000, default: [] }),
  eject: Type.Boolean({ default: false }),
};
const Tree = Type.Object(fields, { additionalProperties: false });
const NamedTree = Type.Object({ app: Type.String({ default: 'app' }), ...fields }, { additionalProperties: false });

/** Enough for hop3.toml, hop3.nix and the names of a large tree. */
const BODY_LIMIT = 8 * 1024 * 1024;

/** What would be built, without building: no effect on the server. */
export function planRoutes(context: ServerContext): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.post('/plan', { config: { access: 'token' }, bodyLimit: BODY_LIMIT, schema: { body: NamedTree } }, (request) =>
      plan(context, parseAppName(request.body.app), request.body));

    api.post('/apps/:app/plan', { config: { access: 'app' }, bodyLimit: BODY_LIMIT, schema: { body: Tree } }, (request) =>
      plan(context, appOf(request), request.body));
    done();
  };
}

interface SentTree {
  readonly files: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly eject: boolean;
}

async function plan(context: ServerContext, app: string, { files, names, eject }: SentTree): Promise<PlanInfo> {
  for (const path of Object.keys(files)) {
    if (PLANNED_FILES.includes(path)) continue;
    throw new Hop3Error('HOP3_USAGE', {
      what: `body.files: "${printable(path)}" is not a file that planning reads.${didYouMean(path, PLANNED_FILES)}`,
      next: `Send only ${PLANNED_FILES.join(', ')}.`,
    });
  }
  const configs = CONFIG_PLACES.filter((path) => files[path] !== undefined);
  if (configs.length > 1) {
    throw new Hop3Error('HOP3_USAGE', { what: `The tree has ${configs.join(' and ')}; only one can be meant.`, next: 'Delete the others.' });
  }
  const [path] = configs;
  const planned = await context.planFiles({
    app,
    hop3Toml: path === undefined ? null : { path, text: files[path]! },
    procfile: files['Procfile'] ?? null,
    hop3Nix: files['hop3.nix'] ?? null,
    names: [...new Set(names.map((name) => name.split('/', 1)[0]!))].sort(),
    eject,
  });
  return {
    mode: planned.mode, template: planned.template, tier: planned.tier, tier_text: planned.tier && TIER_WORDS[planned.tier],
    reproducible: planned.assurance.reproducible, auditable: planned.assurance.auditable, architectures: planned.assurance.architectures,
    expression: planned.expression, notices: planned.notices, package_set: planned.packageSet,
  };
}
