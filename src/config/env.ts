import type { AdminConfig, AppConfig, GeneratedValue } from './model.ts';
import type { Generate, HopToml } from './schema.ts';
import type { TomlFile } from './toml-read.ts';
import type { KeyPath } from './toml-map.ts';

/** Bytes for hex, base64 and urlsafe; characters for password. */
const DEFAULT_LENGTH = { hex: 32, base64: 32, urlsafe: 32, password: 24, uuid: 36 } as const;

type EnvParts = Pick<AppConfig, 'env' | 'generated' | 'computed' | 'envPolicy'>;

/** Sorts a checked `[env]` into what is literal, what is made once, and what is computed at deploy. */
export function readEnv(toml: TomlFile, table: HopToml['env']): EnvParts {
  const { _policy: envPolicy = 'keep-existing', computed: formulas = {}, ...variables } = table ?? {};
  const env: Record<string, string> = {};
  const generated: Record<string, GeneratedValue> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (Object.hasOwn(formulas, name)) continue;
    if (typeof value === 'object' && value !== null) generated[name] = generatedValue(value as Generate);
    else env[name] = plainText(toml, ['env', name], value);
  }
  const computed: Record<string, string> = {};
  for (const [name, value] of Object.entries(formulas)) computed[name] = plainText(toml, ['env', 'computed', name], value);
  return { env, generated, computed, envPolicy };
}

export function readAdmin(table: HopToml['admin'], create: string | null): AdminConfig | null {
  if (table === undefined) return null;
  return {
    username: table.username ?? 'admin',
    email: table.email ?? null,
    password: generatedValue(table.password ?? { generate: 'password' }),
    create,
  };
}

function generatedValue(value: Generate): GeneratedValue {
  return {
    generate: value.generate,
    length: value.generate === 'uuid' ? DEFAULT_LENGTH.uuid : value.length ?? DEFAULT_LENGTH[value.generate],
    prefix: value.prefix ?? '',
    display: value.display ?? false,
  };
}

/**
 * A value as a program will read it. A decimal number keeps its written form, for 1.10 is not 1.1 to whoever wrote it as
 * a version; only the `_` between digits go.
 */
export function plainText(toml: TomlFile, path: KeyPath, value: unknown): string {
  if (typeof value !== 'number') return String(value);
  const written = toml.map.written(path);
  return written !== null && /^-?\d[\d_]*(?:\.[\d_]+)?$/.test(written) ? written.replaceAll('_', '') : String(value);
}
