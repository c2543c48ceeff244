import { formatMemory } from '../../limits.ts';
import type { GarbageInfo } from '../../server/api-types.ts';
import type { Handler } from '../command-context.ts';
import { table } from '../output.ts';

export const collectGarbage: Handler = async (context, _args, options) => {
  const dryRun = options['dryRun'] === true;
  const client = await context.client();
  if (!dryRun) context.out.note('Collecting garbage; this can take minutes...');
  const answer = await client.send<GarbageInfo>('POST', '/gc', { dry_run: dryRun, store: options['store'] === true });
  context.out.answer(answer, () => table(['app', 'what', 'size'], answer.found.map(({ app, what, bytes }) => [app ?? '-', what, bytes === null ? '?' : formatMemory(bytes)])));
  for (const { app, with: work } of answer.busy) context.out.note(`${app} was left alone: it is busy with the ${work}.`);
  const amount = formatMemory(answer.bytes);
  context.out.note(answer.found.length === 0 ? 'There is nothing to remove.' : dryRun ? `${amount} would be freed. Nothing was removed.` : `${amount} freed.`);
};
