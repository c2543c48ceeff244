import { rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hop3Error } from '../../errors.ts';
import type { CommandContext, Handler } from '../command-context.ts';
import { planTree, tierWords, type PlannedTree } from '../planned-tree.ts';

/** The expression alone on stdout, so that it can be put into a file; the rest on stderr. */
export const generate: Handler = async (context, [given]) => {
  const planned = await planTree(context, 'nix generate', given);
  const { plan } = planned;
  context.out.note(plan.mode === 'template'
    ? `Template ${plan.template}, tier ${tierWords(plan)}; package set ${plan.package_set}`
    : `Hand-crafted hop3.nix; package set ${plan.package_set}`);
  tellNotices(context, planned);
  context.out.answer(plan, () => plan.expression);
};

/** Writes the expression as hop3.nix where the template's hop3.toml is; nothing is built or pushed. */
export const eject: Handler = async (context, [given]) => {
  const planned = await planTree(context, 'nix eject', given, true);
  const { dir, plan, app } = planned;
  if (app === null) {
    throw new Hop3Error('HOP3_NO_APP_GIVEN', {
      what: 'Which app? Nothing here says, and names inside the expression follow it.',
      next: 'Say --app <name>, the one that is pushed to.',
    });
  }
  const file = join(dir, 'hop3.nix');
  await write(file, plan.expression, context.flags.force === true);
  tellNotices(context, planned);
  context.out.answer({ file, app, template: plan.template, tier: plan.tier, notices: plan.notices }, () => file);
  context.out.note(`Wrote the template ${plan.template} as hop3.nix; nothing was built. A push builds hop3.nix from now on, to the same store path until you change it.`);
};

function tellNotices(context: CommandContext, { plan, app }: PlannedTree): void {
  for (const notice of plan.notices) context.out.note(notice);
  if (app === null && plan.mode === 'template') context.out.note('Nothing here says which app this is: where its name is used, "app" stands. Say --app <name>.');
}

async function write(file: string, text: string, replace: boolean): Promise<void> {
  try {
    if (!replace) {
      await writeFile(file, text, { flag: 'wx' });
      return;
    }
    // Whatever stands there, a link too, is replaced whole or not at all.
    const fresh = `${file}.${process.pid}.new`;
    await writeFile(fresh, text, { flag: 'wx' });
    await rename(fresh, file).catch(async (error: unknown) => {
      await unlink(fresh).catch(() => {});
      throw error;
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new Hop3Error('HOP3_FILE_EXISTS', { what: `${file} is there already; nothing was written.`, next: 'To replace it: hop3 nix eject --force' });
    }
    throw new Hop3Error('HOP3_USAGE', { what: `${file} cannot be written: ${code}.` });
  }
}
