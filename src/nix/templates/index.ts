import { TEMPLATES, type AppConfig, type TemplateName } from '../../config/model.ts';
import { Hop3Error } from '../../errors.ts';
import { printable } from '../../names.ts';
import { didYouMean } from '../../nearest.ts';
import type { TreePlace } from '../tree.ts';
import type { RenderedTemplate, Template } from './model.ts';
import { nixpkgsWrapper } from './nixpkgs-wrapper.ts';

export type { RenderedTemplate } from './model.ts';

/** Every template of the format; one without a renderer is known and not built yet. */
const RENDERERS: Readonly<Record<TemplateName, Template | 'not built yet'>> = {
  'nixpkgs-wrapper': nixpkgsWrapper,
  'python-venv': 'not built yet',
  'php-app': 'not built yet',
  'ruby-bundler': 'not built yet',
  'java-war': 'not built yet',
  'node-prebuilt': 'not built yet',
  'prebuilt-binary': 'not built yet',
  'prebuilt-archive': 'not built yet',
  'go-source': 'not built yet',
  'node-pnpm-install': 'not built yet',
  'java-gradle': 'not built yet',
};

/** The templates that can be rendered. */
export const supportedTemplates: readonly string[] = TEMPLATES.filter((name) => RENDERERS[name] !== 'not built yet');

/**
 * Renders the expression of an app whose hop3.toml has `[nix] template`.
 * @throws Hop3Error HOP3_TEMPLATE_UNSUPPORTED, HOP3_TEMPLATE_FIELD
 */
export function renderTemplate(config: AppConfig, appName: string, tree: TreePlace = 'beside'): RenderedTemplate {
  const name = config.nix?.template ?? '';
  const template = Object.hasOwn(RENDERERS, name) ? RENDERERS[name as TemplateName] : undefined;
  if (template === undefined || template === 'not built yet') throw unsupported(config, name);
  return { template: name, tier: template.tier, ...template.render({ config, appName, tree }) };
}

function unsupported(config: AppConfig, name: string): Hop3Error {
  const known = Object.hasOwn(RENDERERS, name);
  return new Hop3Error('HOP3_TEMPLATE_UNSUPPORTED', {
    what: known
      ? `${config.file ?? 'hop3.toml'}: the template "${name}" is not built into this version of Hop3 yet.`
      : `${config.file ?? 'hop3.toml'}: there is no template "${printable(name)}".${didYouMean(name, TEMPLATES)}`,
    why: `Supported: ${supportedTemplates.join(', ')}.`,
    next: 'Use one of these, or write a hop3.nix by hand and remove the [nix] table.',
  });
}
