import { join } from 'node:path';
import { CHECKOUT, exec, type World } from '../../e2e/world.ts';
import type { Case } from '../bench.ts';
import type { Row } from '../row.ts';
import { inTurn, timed } from '../rounds.ts';

/** The `hop3` command beside the start of Node, without which no program of it runs. */
export const commands: Case = {
  name: 'commands',
  async run(bench) {
    const world = await bench.world();
    const rows: Row[] = [];
    for (const [args, most] of [[['--version'], 1.5], [['apps'], 3]] as const) {
      const figures = await inTurn(bench.runs, () => commandTime(world, process.execPath, ['-e', '0']), () => hop3Time(world, ...args));
      rows.push({ what: `\`hop3 ${args.join(' ')}\`, wall`, beside: '`node -e 0`', unit: 'ms', ...figures, goal: { of: 'ratio', most } });
    }
    return rows;
  },
};

export function hop3Time(world: World, ...args: string[]): Promise<number> {
  return commandTime(world, join(CHECKOUT, 'bin/hop3'), args);
}

function commandTime(world: World, file: string, args: readonly string[]): Promise<number> {
  return timed(async () => {
    const ran = await exec(file, args, { env: world.env, cwd: world.home });
    if (ran.code !== 0) throw new Error(`${file} ${args.join(' ')}: ${ran.output}`);
  });
}
