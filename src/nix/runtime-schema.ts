import { Type, type Static } from 'typebox';
import { describe, DRAFT, publish, type Json } from '../json-schema.ts';

/** Names of process types; `static` is among them. */
export const WORKER_NAME = '^[a-z][a-z0-9_-]{0,31}$';
export const VARIABLE_NAME = '^[A-Za-z_][A-Za-z0-9_]*$';

/** One line that is not empty. */
const COMMAND = '^[^\\u0000\\n\\r]*[^\\s\\u0000][^\\u0000\\n\\r]*$';
const DIRECTORY = '^/[^:\\u0000\\n\\r]*$';

/** The types of runtime.json. Rules with words of their own (names, line ends, the closure) are checked in runtime-json.ts. */
export const RuntimeFile = Type.Object({
  workers: describe(Type.Record(Type.String(), Type.String({ published: { pattern: COMMAND } }), {
    keyPattern: WORKER_NAME, published: { minProperties: 1, properties: { static: { pattern: '^/' } } },
  }), {
    meaning: 'Required. Name of a process type to its command, a line of shell that is run as `/bin/sh -c "exec <command>"`. `web` answers HTTP on '
      + '`$BIND_ADDRESS:$PORT`; `static` is no command but an absolute directory of the release, served by the web server; any other name is a background worker.',
    example: { web: '/nix/store/...-shop/bin/shop --port $PORT', 'mail-queue': '/nix/store/...-shop/bin/shop queue' },
  }),
  env: Type.Optional(describe(Type.Record(Type.String(), Type.String(), { keyPattern: VARIABLE_NAME }), {
    meaning: 'Variables of every process. They win over the attribute `env` of hop3.nix; `[env]` of hop3.toml and `hop3 env set` win over them.',
    example: { LANG: 'C.UTF-8' },
  })),
  path: Type.Optional(describe(Type.Array(Type.String({ published: { pattern: DIRECTORY } })), {
    meaning: 'Absolute directories that come first in PATH, in this order.', example: ['/nix/store/...-git/bin'],
  })),
});
export type RuntimeFile = Static<typeof RuntimeFile>;

/** The schema of hop3/runtime.json for whoever writes it by hand. */
export function runtimeJsonSchema(): Json {
  return { $schema: DRAFT, title: 'hop3/runtime.json', description: 'How Hop3 runs a build. Made from src/nix/runtime-schema.ts by `npm run docs`.', ...publish(RuntimeFile) };
}
