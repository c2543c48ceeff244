import { parseConfig } from '../config/read.ts';
import type { AppConfig } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import type { PackageSet } from '../nix/model.ts';
import { renderTemplate } from '../nix/templates/index.ts';
import type { Plan } from './model.ts';

/** What planning looks at: the names at the top of the tree and the text of hop3.nix. */
export interface PlanInput {
  readonly app: string;
  readonly config: AppConfig;
  readonly hop3Nix: string | null;
  /** File names at the top of the tree, for the message when nothing fits. */
  readonly names: readonly string[];
}

/** The first line of a hop3.nix that `hop3 nix eject` wrote; such a file beats the [nix] table it came from. */
const EJECTED = /^# Ejected by Hop3 \S+ from template ([a-z-]+) on (\d{4}-\d{2}-\d{2})/;

/**
 * Chooses hand-crafted or template mode and, for a template, renders the expression. Has no effect.
 * @throws Hop3Error HOP3_BOTH_MODES, HOP3_NO_PLAN, and what the template's renderer throws
 */
export function makePlan(input: PlanInput): Plan {
  const template = input.config.nix?.template;
  if (input.hop3Nix !== null) {
    const ejected = EJECTED.exec(input.hop3Nix);
    if (template !== undefined && !ejected) {
      throw new Hop3Error('HOP3_BOTH_MODES', {
        what: `The tree has both a hop3.nix and [nix] template = "${template}" in ${input.config.file}.`,
        why: 'Either would describe the whole build, so Hop3 does not choose between them.',
        next: 'Delete hop3.nix to use the template, or remove the [nix] table to use hop3.nix.',
      });
    }
    const notices = ejected && template !== undefined
      ? [`[nix] is ignored: hop3.nix was ejected from ${ejected[1]} on ${ejected[2]}`]
      : [];
    return { kind: 'hand-crafted', expressionFile: 'hop3.nix', notices };
  }
  if (template !== undefined) {
    const rendered = renderTemplate(input.config, input.app);
    return {
      kind: 'template', template: rendered.template, tier: rendered.tier, expression: rendered.expression,
      hashes: rendered.hashes, systems: rendered.systems,
      notices: rendered.notices,
    };
  }
  const seen = input.names.slice(0, 20).join(', ') || 'nothing';
  throw new Hop3Error('HOP3_NO_PLAN', {
    what: 'The tree does not say how to build it: no hop3.nix, and no [nix] template in a hop3.toml.',
    why: `At the top of the tree: ${seen}${input.names.length > 20 ? ', ...' : ''}.`,
    next: 'Add a hop3.nix (docs/guide.md shows one of ten lines), or a hop3.toml with [nix] template = "...". Was the right directory pushed?',
  });
}

/** The files of a tree that is not on the server yet, as `hop3 plan` sends them. */
export interface TreeFiles {
  readonly app: string;
  readonly hop3Toml: { readonly path: string; readonly text: string } | null;
  readonly procfile: string | null;
  readonly hop3Nix: string | null;
  readonly names: readonly string[];
}

export interface PlannedFiles {
  readonly mode: 'hand-crafted' | 'template';
  readonly template: string | null;
  readonly tier: number | null;
  /** The text that nix would be given. */
  readonly expression: string;
  readonly notices: readonly string[];
  readonly packageSet: string;
}

/** Configure, plan and render alone: what a push of these files would build. */
export function planFiles(files: TreeFiles, packageSet: PackageSet): PlannedFiles {
  const config = parseConfig({ hop3Toml: files.hop3Toml, procfile: files.procfile });
  const plan = makePlan({ app: files.app, config, hop3Nix: files.hop3Nix, names: files.names });
  return {
    mode: plan.kind,
    template: plan.kind === 'template' ? plan.template : null,
    tier: plan.kind === 'template' ? plan.tier : null,
    expression: plan.kind === 'template' ? plan.expression : files.hop3Nix!,
    notices: [...config.notices, ...plan.notices],
    packageSet: packageSet.title,
  };
}
