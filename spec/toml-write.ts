/** A value as TOML on one line. */
export function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{ ${Object.entries(value).map(([key, item]) => `${tomlText(key)} = ${toml(item)}`).join(', ')} }`;
  return typeof value === 'string' ? tomlText(value) : String(value);
}

function tomlText(text: string): string {
  // JSON's escapes are TOML's too; but DEL is a control character in TOML alone.
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}
