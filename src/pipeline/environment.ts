import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { AppConfig, GeneratedValue } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import type { Runtime } from '../nix/model.ts';

export type Env = Readonly<Record<string, string>>;

export interface ComposedEnv {
  /** What every worker gets, besides PORT, HOME and PATH. */
  readonly env: Env;
  /** The operator's variables, with the values that were made now; the release keeps them. */
  readonly operator: Env;
  /** Names of `display = true` values that were made now: shown once, in this push's log. */
  readonly display: readonly string[];
}

export interface ComposeInput {
  readonly config: AppConfig;
  readonly runtime: Runtime;
  readonly operator: Env;
  /** What attached addons give. */
  readonly addons: Env;
  /** Always last: HOP3_APP, HOP3_RELEASE, HOP3_PUBLIC_URL, BIND_ADDRESS. */
  readonly builtIn: Env;
}

/**
 * Puts an app's environment together. The later wins: the build's own defaults (runtime.json), addons, `[env]`, the operator
 * (`hop3 env set`, generated values), `[env.computed]` where the operator set nothing, Hop3's own names. With
 * `_policy = "override"` `[env]` beats the operator.
 * @throws Hop3Error HOP3_ENV_REFERENCE for a `${NAME}` that nothing defines, or that needs itself
 */
export function composeEnv(input: ComposeInput): ComposedEnv {
  const { config, runtime, builtIn } = input;
  const operator: Record<string, string> = { ...input.operator };
  const display: string[] = [];
  const makeOnce = (name: string, value: GeneratedValue) => {
    if (operator[name] !== undefined) return;
    operator[name] = generateValue(value);
    if (value.display) display.push(name);
  };
  for (const [name, value] of Object.entries(config.generated)) makeOnce(name, value);
  const admin: Record<string, string> = {};
  if (config.admin) {
    makeOnce('HOP3_ADMIN_PASSWORD', config.admin.password);
    admin['HOP3_ADMIN_USER'] = config.admin.username;
    if (config.admin.email !== null) admin['HOP3_ADMIN_EMAIL'] = config.admin.email;
  }
  const override = config.envPolicy === 'override';
  const fixed: Record<string, string> = { ...runtime.env, ...input.addons, ...admin, ...operator, ...builtIn };
  // Literal values may name others too, so both tables are expanded the same way.
  const open: Record<string, string> = {};
  for (const [name, text] of [...Object.entries(config.env), ...Object.entries(config.computed)]) {
    const taken = Object.hasOwn(builtIn, name) || (!override && Object.hasOwn(operator, name));
    if (!taken) open[name] = text;
  }
  const env = { ...fixed, ...expandAll(open, fixed, config.file ?? 'hop3.toml') };
  return { env, operator, display };
}

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

function expandAll(open: Env, fixed: Env, file: string): Record<string, string> {
  const done: Record<string, string> = {};
  const expand = (name: string, under: readonly string[]): string => {
    if (Object.hasOwn(done, name)) return done[name]!;
    if (under.includes(name)) throw badReference(file, under.at(-1)!, name, 'it needs itself');
    const value = open[name]!.replace(REFERENCE, (_whole, reference: string) => {
      // A value that names itself means the one it hides: PATH-like "${PATH}:more".
      if (Object.hasOwn(open, reference) && reference !== name) return expand(reference, [...under, name]);
      const known = fixed[reference];
      if (known === undefined) throw badReference(file, name, reference, 'nothing defines it');
      return known;
    });
    done[name] = value;
    return value;
  };
  for (const name of Object.keys(open)) expand(name, []);
  return done;
}

function badReference(file: string, name: string, reference: string, why: string): Hop3Error {
  return new Hop3Error('HOP3_ENV_REFERENCE', {
    what: `${file}: ${name} uses \${${reference}}, and ${why}.`,
    next: `Set it (hop3 env set ${reference}=...), correct the name, or take the reference out.`,
  });
}

const PASSWORD_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

/** A new secret from the system's cryptographic source. */
export function generateValue(value: GeneratedValue): string {
  switch (value.generate) {
    case 'hex': return value.prefix + randomBytes(value.length).toString('hex');
    case 'base64': return value.prefix + randomBytes(value.length).toString('base64');
    case 'urlsafe': return value.prefix + randomBytes(value.length).toString('base64url');
    case 'uuid': return value.prefix + randomUUID();
    case 'password': return value.prefix + Array.from({ length: value.length }, () => PASSWORD_LETTERS[randomInt(PASSWORD_LETTERS.length)]).join('');
  }
}
