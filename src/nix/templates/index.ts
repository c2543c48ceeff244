import { TEMPLATES, type AppConfig, type TemplateName } from '../../config/model.ts';
import { Hop3Error } from '../../errors.ts';
import { printable } from '../../names.ts';
import { didYouMean } from '../../nearest.ts';
import type { TreePlace } from '../tree.ts';
import type { RenderedTemplate, Template } from './model.ts';
import { javaWar } from './java-war.ts';
import { javaGradle } from './java-gradle.ts';
import { nixpkgsWrapper } from './nixpkgs-wrapper.ts';
import { phpApp } from './php-app.ts';
import { pythonVenv } from './python-venv.ts';
import { rubyBundler } from './ruby-bundler.ts';
import { goSource } from './go-source.ts';
import { nodePnpmInstall } from './node-pnpm-install.ts';
import { nodePrebuilt } from './node-prebuilt.ts';
import { prebuiltBinary } from './prebuilt-binary.ts';
import { prebuiltArchive } from './prebuilt-archive.ts';

export type { RenderedTemplate } from './model.ts';

/** Every template of the format. */
const RENDERERS: Readonly<Record<TemplateName, Template>> = {
  'nixpkgs-wrapper': nixpkgsWrapper,
  'python-venv': pythonVenv,
  'php-app': phpApp,
  'ruby-bundler': rubyBundler,
  'java-war': javaWar,
  'node-prebuilt': nodePrebuilt,
  'prebuilt-binary': prebuiltBinary,
  'prebuilt-archive': prebuiltArchive,
  'go-source': goSource,
  'node-pnpm-install': nodePnpmInstall,
  'java-gradle': javaGradle,
};

/**
 * Renders the expression of an app whose hop3.toml has `[nix] template`.
 * @throws Hop3Error HOP3_TEMPLATE_UNSUPPORTED, HOP3_TEMPLATE_FIELD
 */
export function renderTemplate(config: AppConfig, appName: string, tree: TreePlace = 'beside', unsandboxed = false): RenderedTemplate {
  const name = config.nix?.template ?? '';
  const template = Object.hasOwn(RENDERERS, name) ? RENDERERS[name as TemplateName] : undefined;
  if (template === undefined) throw unsupported(config, name);
  return { template: name, tier: template.tier, ...template.render({ config, appName, tree, unsandboxed }) };
}

/** The schema refuses such a name before; a release that is older than a template's end may still have it. */
function unsupported(config: AppConfig, name: string): Hop3Error {
  return new Hop3Error('HOP3_TEMPLATE_UNSUPPORTED', {
    what: `${config.file ?? 'hop3.toml'}: there is no template "${printable(name)}".${didYouMean(name, TEMPLATES)}`,
    why: `Supported: ${TEMPLATES.join(', ')}.`,
    next: 'Use one of these, or write a hop3.nix by hand and remove the [nix] table.',
  });
}
