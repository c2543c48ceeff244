import type { AuditInfo } from '../../server/api-types.ts';
import type { Handler } from '../command-context.ts';
import { parseCount } from '../numbers.ts';
import { table } from '../output.ts';
import { when } from '../time.ts';

export const auditCommand: Handler = async (context, _args, options) => {
  const query = new URLSearchParams({ limit: String(Math.max(1, parseCount('--limit', options['limit'], 15, 1000))) });
  // No app is looked for: without --app it is about all that the token may see.
  if (context.flags.app !== undefined) query.set('app', context.flags.app);
  if (options['before'] !== undefined) query.set('before', String(parseCount('--before', options['before'], 1, Number.MAX_SAFE_INTEGER)));
  const client = await context.client();
  const { entries } = await client.get<{ entries: AuditInfo[] }>(`/audit?${query.toString()}`);
  context.out.answer({ entries }, () => table(['id', 'when', 'who', 'from', 'app', 'what', 'result'], entries.map((entry) => [
    String(entry.id), when(entry.at), who(entry), entry.address, entry.app ?? '', [entry.action, ...entry.names].join(' '), result(entry),
  ])));
  if (entries.length === 0) context.out.note('Nothing is written down about that.');
};

function who({ by, token }: AuditInfo): string {
  if (token === null) return by ?? 'no known token';
  return by === token ? token : `${by} (${token})`;
}

function result(entry: AuditInfo): string {
  if (entry.result === null) return 'goes on, or was cut off by the end of the server';
  return entry.note === null ? entry.result : `${entry.result} (${entry.note})`;
}
