import { parseConfig } from '../config/read.ts';
import { Hop3Error } from '../errors.ts';
import { ejectedText, ejectNotices } from '../nix/eject.ts';
import type { PackageSet } from '../nix/model.ts';
import { renderTemplate } from '../nix/templates/index.ts';
import { assess, UNKNOWN, type Assurance } from '../nix/tiers.ts';
import { VERSION } from '../version.ts';
import { makePlan } from './plan.ts';

/** The files of a tree that is not on the server yet, as `hop3 plan` sends them. */
export interface TreeFiles {
  readonly app: string;
  readonly hop3Toml: { readonly path: string; readonly text: string } | null;
  readonly procfile: string | null;
  readonly hop3Nix: string | null;
  readonly names: readonly string[];
  /** True for the text that `hop3 nix eject` writes, in place of the one a push would build. */
  readonly eject: boolean;
}

export interface PlannedFiles {
  readonly mode: 'hand-crafted' | 'template';
  readonly template: string | null;
  readonly tier: 1 | 2 | 3 | null;
  readonly assurance: Assurance;
  /** The text that nix would be given. */
  readonly expression: string;
  readonly notices: readonly string[];
  readonly packageSet: string;
}

/**
 * Configure, plan and render alone: what a push of these files would build, or the hop3.nix that takes its template's place.
 * @throws Hop3Error HOP3_CONFIG, HOP3_NO_TEMPLATE, and what planning throws
 */
export function planFiles(files: TreeFiles, packageSet: PackageSet, unsandboxed = false): PlannedFiles {
  const config = parseConfig({ hop3Toml: files.hop3Toml, procfile: files.procfile });
  if (files.eject && config.nix?.template === undefined) throw noTemplate(files);
  const plan = makePlan({ app: files.app, config, hop3Nix: files.eject ? null : files.hop3Nix, names: files.names, unsandboxed });
  const notices = [...config.notices, ...plan.notices];
  if (plan.kind === 'hand-crafted') {
    return { mode: plan.kind, template: null, tier: null, assurance: UNKNOWN, expression: files.hop3Nix!, notices, packageSet: packageSet.title };
  }
  const planned: PlannedFiles = {
    mode: plan.kind, template: plan.template, tier: plan.tier,
    assurance: assess(plan, config.nix?.keys ?? {}, packageSet.kind === 'host'),
    expression: plan.expression, notices, packageSet: packageSet.title,
  };
  if (!files.eject) return planned;
  const around = renderTemplate(config, files.app, 'around');
  return { ...planned, expression: ejectedText(around, VERSION, new Date()), notices: [...notices, ...ejectNotices(around)] };
}

function noTemplate(files: TreeFiles): Hop3Error {
  return new Hop3Error('HOP3_NO_TEMPLATE', {
    what: `${files.hop3Toml === null ? 'There is no hop3.toml' : `${files.hop3Toml.path} has no [nix] template`}, so there is nothing to eject.`,
    next: files.hop3Nix === null
      ? 'Add [nix] with a template first; docs/hop3-toml.md lists them.'
      : 'hop3.nix is what a push builds already: change it as you like.',
  });
}
