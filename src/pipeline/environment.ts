import type { AppConfig, GeneratedValue } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import type { Runtime } from '../nix/model.ts';
import { generateValue } from './generate.ts';

export type Env = Readonly<Record<string, string>>;

/** Where a variable comes from, for people. */
export type Source = 'build' | 'addon' | 'admin' | 'hop3.toml' | 'computed' | 'generated' | 'operator' | 'built-in';

/** The sources from the weakest to the strongest; with `_policy = "override"` those of hop3.toml beat the operator's. */
export function sourceOrder(policy: AppConfig['envPolicy']): readonly Source[] {
  const file = ['hop3.toml', 'computed'] as const;
  const stored = ['generated', 'operator'] as const;
  return ['build', 'addon', 'admin', ...(policy === 'override' ? [...stored, ...file] : [...file, ...stored]), 'built-in'];
}

export interface Variable {
  readonly value: string;
  readonly source: Source;
  /** Other sources that have a value for it, which does not count; the strongest first. */
  readonly hides: readonly Source[];
  /** Whether the value is a secret, or made with one. */
  readonly secret: boolean;
}

export interface ComposedEnv {
  /** What every worker gets, besides PORT, HOME and PATH. */
  readonly env: Env;
  /** The same with where each comes from. */
  readonly variables: Readonly<Record<string, Variable>>;
  /** The operator's variables, with the values that were made now; the release keeps them. */
  readonly operator: Env;
  /** Which of `operator` Hop3 made, now or for an earlier release. */
  readonly generated: readonly string[];
  /** Names of `display = true` values that were made now: shown once, in this push's log. */
  readonly display: readonly string[];
}

export interface ComposeInput {
  readonly config: AppConfig;
  readonly runtime: Pick<Runtime, 'env'>;
  readonly operator: Env;
  /** Names in `operator` that Hop3 made for an earlier release. */
  readonly generated: readonly string[];
  /** What attached addons give. */
  readonly addons: Env;
  /** Always last: HOP3_APP, HOP3_RELEASE, HOP3_PUBLIC_URL, BIND_ADDRESS. */
  readonly builtIn: Env;
}

/** Parts of an addon's access that are no secret on their own. */
const NOT_SECRET = /(^|_)(PGHOST|PGPORT|PGUSER|PGDATABASE|(MYSQL|REDIS)_(HOST|PORT|USER|DATABASE|DB))$/;

/**
 * Puts an app's environment together: of the sources that have a value for a variable the strongest wins, in the order of `sourceOrder`.
 * Values of hop3.toml may name others (`${NAME}`); a `[admin]` password is kept with the operator's variables like every secret that is made.
 * @throws Hop3Error HOP3_ENV_REFERENCE for a `${NAME}` that nothing defines, or that needs itself
 */
export function composeEnv(input: ComposeInput): ComposedEnv {
  const { config, builtIn } = input;
  const { operator, generated, display } = withMadeValues(input);
  const admin: Record<string, string> = {};
  if (config.admin) {
    admin['HOP3_ADMIN_USER'] = config.admin.username;
    if (config.admin.email !== null) admin['HOP3_ADMIN_EMAIL'] = config.admin.email;
  }
  const made = new Set(generated);
  const values: Record<Source, Env> = {
    build: input.runtime.env, addon: input.addons, admin, 'hop3.toml': config.env, computed: config.computed, 'built-in': builtIn,
    generated: pick(operator, (name) => made.has(name)), operator: pick(operator, (name) => !made.has(name)),
  };
  const having = new Map<string, Source[]>();
  for (const source of sourceOrder(config.envPolicy)) {
    for (const name of Object.keys(values[source])) having.set(name, [source, ...(having.get(name) ?? [])]);
  }
  const fixed: Record<string, string> = {};
  const open: Record<string, string> = {};
  for (const [name, [first, ...others]] of having) {
    if (isOpen(first!)) open[name] = values[first!][name]!;
    // A value that names itself means the one it hides: "${LIST}:more".
    const closed = [first!, ...others].find((source) => !isOpen(source));
    if (closed) fixed[name] = values[closed][name]!;
  }
  const isSecret = (name: string) => (having.get(name) ?? []).some((source) => source === 'generated' || source === 'operator' || (source === 'addon' && !NOT_SECRET.test(name)));
  const expanded = expandAll(open, fixed, config.file ?? 'hop3.toml', isSecret);
  const variables: Record<string, Variable> = {};
  for (const [name, [source, ...hides]] of having) {
    const { value, secret } = Object.hasOwn(expanded, name) ? expanded[name]! : { value: fixed[name]!, secret: source !== 'build' && source !== 'built-in' && isSecret(name) };
    // The password belongs to [admin] for whoever asks where it comes from.
    const shown = source === 'generated' && config.admin && name === 'HOP3_ADMIN_PASSWORD' ? 'admin' : source!;
    variables[name] = { value, source: shown, hides, secret };
  }
  return { env: Object.fromEntries(Object.entries(variables).map(([name, { value }]) => [name, value])), variables, operator, generated, display };
}

/** The operator's variables, and those that hop3.toml wants made and nobody set. */
function withMadeValues({ config, operator, generated }: ComposeInput): Pick<ComposedEnv, 'operator' | 'generated' | 'display'> {
  const all: Record<string, string> = { ...operator };
  const made = generated.filter((name) => Object.hasOwn(operator, name));
  const display: string[] = [];
  const wanted: [string, GeneratedValue][] = Object.entries(config.generated);
  if (config.admin) wanted.push(['HOP3_ADMIN_PASSWORD', config.admin.password]);
  for (const [name, value] of wanted) {
    if (Object.hasOwn(all, name)) continue;
    all[name] = generateValue(value);
    made.push(name);
    if (value.display) display.push(name);
  }
  return { operator: all, generated: made, display };
}

/** Whether values of this source may name others. */
function isOpen(source: Source): boolean {
  return source === 'hop3.toml' || source === 'computed';
}

function pick(env: Env, wanted: (name: string) => boolean): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => wanted(name)));
}

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

type Expanded = Pick<Variable, 'value' | 'secret'>;

function expandAll(open: Env, fixed: Env, file: string, isSecret: (name: string) => boolean): Record<string, Expanded> {
  const done: Record<string, Expanded> = {};
  const expand = (name: string, under: readonly string[]): Expanded => {
    if (Object.hasOwn(done, name)) return done[name]!;
    if (under.includes(name)) throw badReference(file, under.at(-1)!, name, 'it needs itself');
    let secret = false;
    const value = open[name]!.replace(REFERENCE, (_whole, reference: string) => {
      if (Object.hasOwn(open, reference) && reference !== name) {
        const other = expand(reference, [...under, name]);
        secret ||= other.secret;
        return other.value;
      }
      const known = Object.hasOwn(fixed, reference) ? fixed[reference] : undefined;
      if (known === undefined) throw badReference(file, name, reference, 'nothing defines it');
      secret ||= isSecret(reference);
      return known;
    });
    done[name] = { value, secret };
    return done[name];
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
