import type { AppConfig } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import { readEjected } from '../nix/eject.ts';
import { nixSystem } from '../nix/system.ts';
import { renderTemplate } from '../nix/templates/index.ts';
import type { Plan } from './model.ts';

/** What planning looks at: the names at the top of the tree and the text of hop3.nix. */
export interface PlanInput {
  readonly app: string;
  readonly config: AppConfig;
  readonly hop3Nix: string | null;
  /** File names at the top of the tree, for the message when nothing fits. */
  readonly names: readonly string[];
  /** HOP3_ALLOW_UNSANDBOXED_BUILDS of the server that is to build it; false where there is none. */
  readonly unsandboxed?: boolean;
}

/**
 * Chooses hand-crafted or template mode and, for a template, renders the expression. Has no effect.
 * @throws Hop3Error HOP3_BOTH_MODES, HOP3_NO_PLAN, and what the template's renderer throws
 */
export function makePlan(input: PlanInput): Plan {
  const template = input.config.nix?.template;
  if (input.hop3Nix !== null) {
    const ejected = readEjected(input.hop3Nix);
    if (template !== undefined && !ejected) {
      throw new Hop3Error('HOP3_BOTH_MODES', {
        what: `The tree has both a hop3.nix and [nix] template = "${template}" in ${input.config.file}.`,
        why: 'Either would describe the whole build, so Hop3 does not choose between them.',
        next: 'Delete hop3.nix to use the template, or remove the [nix] table to use hop3.nix.',
      });
    }
    const notices = ejected && template !== undefined
      ? [`[nix] is ignored: hop3.nix was ejected from ${ejected.template} on ${ejected.date}`]
      : [];
    return { kind: 'hand-crafted', expressionFile: 'hop3.nix', notices };
  }
  if (template !== undefined) {
    const rendered = renderTemplate(input.config, input.app, 'beside', input.unsandboxed);
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

/**
 * Refuses a template that installs what upstream built for another system; planning alone does not need it.
 * @throws Hop3Error HOP3_TEMPLATE_SYSTEM
 */
export function refuseSystem(plan: Plan, system: string = nixSystem()): void {
  if (plan.kind !== 'template' || plan.systems === null || plan.systems.includes(system)) return;
  throw new Hop3Error('HOP3_TEMPLATE_SYSTEM', {
    what: `The template ${plan.template} installs a program that upstream built for ${plan.systems.join(' or ')}, and this server is ${system}.`,
    why: 'It would not start, so nothing was built.',
    next: 'Build it from source with another template (nixpkgs-wrapper, go-source ...), or push to a server of that system.',
  });
}
