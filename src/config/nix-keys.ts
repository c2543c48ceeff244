import type { TSchema } from 'typebox';
import type { About } from '../json-schema.ts';
import { TEMPLATES, type TemplateName } from './model.ts';
import { CORE_KEYS } from './nix-core-keys.ts';
import { TEMPLATE_KEYS } from './nix-template-keys.ts';

export interface NixKey {
  readonly schema: TSchema;
  /** The templates that read the key; `any` for the core keys. */
  readonly templates: 'any' | readonly TemplateName[];
  readonly about: About;
}

/** Every key that may stand in `[nix]`, and the templates it belongs to. */
export const NIX_KEYS: Readonly<Record<string, NixKey>> = { ...CORE_KEYS, ...TEMPLATE_KEYS };

/** The keys that a template reads, core keys included. */
export function keysOf(template: TemplateName): string[] {
  return Object.keys(NIX_KEYS).filter((key) => belongs(key, template));
}

/** True where the template reads the key. An unknown key belongs to none. */
export function belongs(key: string, template: TemplateName): boolean {
  const entry = Object.hasOwn(NIX_KEYS, key) ? NIX_KEYS[key] : undefined;
  return entry !== undefined && (entry.templates === 'any' || entry.templates.includes(template));
}

export function isTemplate(name: unknown): name is TemplateName {
  return (TEMPLATES as readonly unknown[]).includes(name);
}
