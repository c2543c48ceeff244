import type { Fields } from './fields.ts';
import { nixConcat, OUT, readLiveText, readRuntimeEnv } from './live-text.ts';
import { nixAttrName, type NixCode } from './quote.ts';

/** What `env` and `path` of runtime.json are made of. */
export interface RuntimeParts {
  /** Sorted by name. */
  readonly env: readonly { readonly name: NixCode; readonly value: NixCode }[];
  /** The output's own bin first, then extra-paths in their order. */
  readonly path: readonly NixCode[];
}

export function runtimeParts(fields: Fields, names: readonly string[]): RuntimeParts {
  const env = Object.entries(fields.variables('runtime-env'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name: nixAttrName(name), value: nixConcat(readRuntimeEnv(value, { key: `[nix.runtime-env] ${name}`, names })) }));
  const extra = fields.list('extra-paths', `['\${pkg}/bin']`)
    .map((path) => nixConcat(readLiveText(path, { key: '[nix] extra-paths', names })));
  return { env, path: [nixConcat([OUT, '/bin']), ...extra] };
}
