import type { PlanInfo } from '../../server/api-types.ts';
import type { Handler } from '../command-context.ts';
import { fields } from '../output.ts';
import { planTree, tierWords } from '../planned-tree.ts';

export const planCommand: Handler = async (context, [given]) => {
  const { plan } = await planTree(context, 'plan', given);
  context.out.answer(plan, () => describe(plan));
};

function describe(plan: PlanInfo): string {
  const head = fields([
    ['mode', plan.mode === 'template' ? `template ${plan.template}` : 'hand-crafted hop3.nix'],
    ['tier', tierWords(plan)],
    ['package set', plan.package_set],
    ...plan.notices.map((notice) => ['notice', notice] as const),
  ]);
  return plan.mode === 'template' ? `${head}\n\n${plan.expression}` : head;
}
