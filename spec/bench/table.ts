import { isMet, type Row, type Unit } from './row.ts';
import { ratios, spread, type Spread } from './stats.ts';

/** The rows as a Markdown table: medians, with the quartiles in brackets. */
export function resultTable(rows: readonly Row[]): string {
  return markdownTable(
    ['case', 'beside', 'floor', 'Hop3', 'Hop3 / floor', 'goal', 'met', 'runs'],
    rows.map((row) => [
      row.note === undefined ? row.what : `${row.what} (${row.note})`,
      row.beside ?? '-',
      row.floor.length === 0 ? '-' : figures(spread(row.floor), row.unit),
      figures(spread(row.hop3), row.unit),
      row.floor.length === 0 ? '-' : plainSpread(spread(ratios(row.hop3, row.floor)), 2),
      goalText(row),
      isMet(row) ? 'yes' : '**no**',
      String(row.hop3.length),
    ]),
  );
}

/** Where the time of Hop3's pushes goes, for the rows that have it; the empty text where none has. */
export function stageTable(rows: readonly Row[]): string {
  const told = rows.filter((row) => row.stages !== undefined);
  if (told.length === 0) return '';
  const names = [...new Set(told.flatMap((row) => Object.keys(row.stages!)))];
  return markdownTable(['stage', ...told.map((row) => row.what)], names.map((name) => [
    name, ...told.map((row) => (row.stages![name] === undefined ? '' : number(spread(row.stages![name]).median, 1))),
  ]));
}

function goalText({ goal, unit }: Row): string {
  const size = goal.of === 'ratio' ? (value: number) => value.toFixed(2) : (value: number) => withUnit(value, unit);
  return [goal.most === undefined ? '' : `<= ${size(goal.most)}`, goal.least === undefined ? '' : `>= ${size(goal.least)}`].filter((text) => text !== '').join(', ');
}

function figures(of: Spread, unit: Unit): string {
  if (unit === 'ms' && of.median >= 10_000) return `${plainSpread({ q1: of.q1 / 1000, median: of.median / 1000, q3: of.q3 / 1000 }, 1)} s`;
  return `${plainSpread(of, digits(of.median))} ${unit}`;
}

function withUnit(value: number, unit: Unit): string {
  return `${value} ${unit}`;
}

function plainSpread({ q1, median, q3 }: Spread, places: number): string {
  return `${number(median, places)} (${number(q1, places)}-${number(q3, places)})`;
}

function digits(value: number): number {
  return value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : 2;
}

function number(value: number, places: number): string {
  return value.toFixed(places);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
