import type { Fields } from './fields.ts';
import { nixConcat, OUT, readLiveText, readRuntimeEnv, type Piece } from './live-text.ts';
import { nixAttrName, type NixCode } from './quote.ts';

/** What `env` and `path` of runtime.json are made of. */
export interface RuntimeParts {
  /** Sorted by name. */
  readonly env: readonly { readonly name: NixCode; readonly value: NixCode }[];
  /** The output's own bin first, then the template's, then extra-paths in their order. */
  readonly path: readonly NixCode[];
}

/** What a template itself gives to `env` and `path`. */
export interface OwnRuntime {
  /** A variable of `[nix.runtime-env]` wins over the template's. */
  readonly env?: Readonly<Record<string, readonly Piece[]>>;
  /** Directories between the output's own bin and extra-paths. */
  readonly path?: readonly (readonly Piece[])[];
}

export function runtimeParts(fields: Fields, names: readonly string[], own: OwnRuntime = {}): RuntimeParts {
  const given = Object.entries(fields.variables('runtime-env'))
    .map(([name, value]): [string, readonly Piece[]] => [name, readRuntimeEnv(value, { key: `[nix.runtime-env] ${name}`, names })]);
  const env = Object.entries({ ...own.env, ...Object.fromEntries(given) })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name: nixAttrName(name), value: nixConcat(value) }));
  const extra = fields.list('extra-paths', `['\${pkg}/bin']`)
    .map((path) => nixConcat(readLiveText(path, { key: '[nix] extra-paths', names })));
  return { env, path: [nixConcat([OUT, '/bin']), ...(own.path ?? []).map(nixConcat), ...extra] };
}
