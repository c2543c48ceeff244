/** Rows of an answer as text: columns side by side, NULL as nothing, binary as hexadecimal. */
export function formatRows(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [names.map(oneLine), ...rows.map((row) => row.map((value) => oneLine(cell(value))))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const lines = cells.map((line) => line.map((text, column) => text.padEnd(widths[column]!)).join(' | ').trimEnd());
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-');
  return [lines[0]!, rule, ...lines.slice(1), `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`].join('\n');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A value must not begin a line of its own, nor speak to the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f]/g, (char) => (char === '\n' ? '\\n' : char === '\t' ? '\\t' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`));
}
