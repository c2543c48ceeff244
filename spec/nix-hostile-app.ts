import { parseConfig } from '../src/config/parse.ts';
import type { AppConfig, TemplateName } from '../src/config/model.ts';
import { Hop3Error } from '../src/errors.ts';
import type { RenderedTemplate } from '../src/nix/templates/index.ts';
import { renderTemplate } from '../src/nix/templates/index.ts';
import type { Place } from './nix-key-places.ts';
import { toml } from './toml-write.ts';

/** A hostile text at a place. */
export interface Planted {
  readonly place: Place;
  readonly text: string;
}

export interface Refused extends Planted {
  readonly by: 'the schema' | 'the template';
  readonly message: string;
}

export interface HostileApp {
  /** What was neither refused by the schema nor by the template. */
  readonly planted: readonly Planted[];
  readonly refused: readonly Refused[];
  readonly config: AppConfig;
  readonly rendered: RenderedTemplate;
}

/**
 * Writes a hop3.toml with every text at its place, reads it and renders it. What is refused is taken out, and the rest is tried
 * again.
 * @throws Error for a refusal that does not name its key, and whatever is thrown that is no refusal
 */
export function hostileApp(template: TemplateName, base: Readonly<Record<string, unknown>>, all: readonly Planted[]): HostileApp {
  let planted = all;
  const refused: Refused[] = [];
  for (;;) {
    const file = write(template, base, planted);
    const answer = attempt(() => {
      const config = parseConfig({ hop3Toml: { path: 'hop3.toml', text: file.text }, procfile: null });
      return { config, rendered: renderTemplate(config, 'hostile') };
    });
    if (!(answer instanceof Hop3Error)) return { planted, refused, ...answer };
    const guilty = answer.code === 'HOP3_CONFIG' ? bySchema(answer, file.lines) : byTemplate(answer, planted);
    if (guilty.length === 0) throw new Error(`the refusal names no key that was tried: ${answer.what}`, { cause: answer });
    refused.push(...guilty);
    const places = guilty.map(({ place }) => place);
    planted = planted.filter(({ place }) => !places.includes(place));
  }
}

function attempt<T>(work: () => T): T | Hop3Error {
  try {
    return work();
  } catch (error) {
    if (error instanceof Hop3Error) return error;
    throw error;
  }
}

/** Every problem stands on a line of its own, with the line of the file that it is about. */
function bySchema({ what, why = '' }: Hop3Error, lines: ReadonlyMap<number, Planted>): Refused[] {
  const told = new Set([what.replace(/ \(and \d+ more\)$/, ''), ...why.split('\n')]);
  const guilty = new Map<Planted, Refused>();
  for (const message of told) {
    const one = lines.get(Number(/^hop3\.toml:(\d+):/.exec(message)?.[1]));
    if (one === undefined) continue;
    // A NUL is told by its place alone, before keys are looked at.
    if (!message.includes(one.place.key) && !message.includes('NUL character')) throw new Error(`does not name ${one.place.title}:\n${message}`);
    guilty.set(one, { ...one, by: 'the schema', message });
  }
  return [...guilty.values()];
}

function byTemplate({ what, why = '', next = '' }: Hop3Error, planted: readonly Planted[]): Refused[] {
  return planted.filter(({ place }) => names(what, place)).map((one) => ({ ...one, by: 'the template', message: [what, why, next].join('\n') }));
}

/** `[nix] url`, `[[nix.config-files]] path`, `[nix.let-extra] x`, `[metadata] version` */
function names(message: string, { table, key }: Place): boolean {
  return [`[${table}] ${key}`, `[${table}.${key}]`, `[[${table}.${key}]]`].some((name) => {
    const at = message.indexOf(name);
    return at >= 0 && !/^[a-z-]/.test(message.slice(at + name.length));
  });
}

function write(template: TemplateName, base: Readonly<Record<string, unknown>>, planted: readonly Planted[]) {
  const lines = new Map<number, Planted>();
  const text: string[] = ['[metadata]'];
  const add = (table: Place['table'], given: Readonly<Record<string, unknown>>) => {
    for (const [key, value] of Object.entries(given)) {
      if (!planted.some(({ place }) => place.table === table && place.key === key)) text.push(`${key} = ${toml(value)}`);
    }
    for (const one of planted) {
      if (one.place.table !== table) continue;
      text.push(`${one.place.key} = ${toml(one.place.put(one.text))}`);
      lines.set(text.length, one);
    }
  };
  add('metadata', { id: 'hostile', version: '1.0' });
  text.push('[nix]');
  add('nix', { template, ...base });
  return { text: `${text.join('\n')}\n`, lines };
}
