/** Rows in groups, by the app they belong to. */
export function byApp<App, Row extends { readonly app: App }>(rows: readonly Row[]): Map<App, Row[]> {
  const map = new Map<App, Row[]>();
  for (const row of rows) {
    const own = map.get(row.app);
    if (own) own.push(row);
    else map.set(row.app, [row]);
  }
  return map;
}
