import type { Machine } from './machine.ts';
import type { Row } from './row.ts';
import { resultTable, stageTable } from './table.ts';

/** Everything that a run found; what the file of raw figures holds. */
export interface Report {
  readonly began: string;
  readonly minutes: number;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly rows: readonly Row[];
  /** Cases that could not be measured, and why. */
  readonly failed: readonly { readonly name: string; readonly why: string }[];
}

const BEGIN = '<!-- npm run bench writes from here -->';
const END = '<!-- to here -->';

/** The part of docs/performance.md that a run writes. */
export function reportBlock(report: Report): string {
  const { machine } = report;
  const stages = stageTable(report.rows);
  return [
    BEGIN,
    `Measured ${report.began.slice(0, 10)} at ${machine.commit} in ${report.minutes} minutes${report.quick ? ' (`--quick`: fewer runs, a tenth of the apps)' : ''}: ${machine.processor}, ` +
      `${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}; Node ${machine.node}, ${machine.git}, ${machine.nix}, ${machine.nginx}.`,
    'Medians, the middle half of the runs in brackets; the ratio is the median of the ratios of each pair.',
    '',
    resultTable(report.rows),
    ...(stages === '' ? [] : ['', 'What the stages of these pushes took, in milliseconds (medians):', '', stages]),
    END,
  ].join('\n');
}

/** The text with its block replaced, or with the block at its end where it has none. */
export function withBlock(text: string, block: string): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END, from);
  if (from < 0 || to < 0) return `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${block}\n`;
  return text.slice(0, from) + block + text.slice(to + END.length);
}
