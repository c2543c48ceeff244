import type { AppName, Oid } from '../names.ts';
import type { ReleaseReason } from './model.ts';

/** Where a release comes from and what that fixes: its number, its variables, the branch it moves. */
export interface Lineage {
  readonly reason: ReleaseReason;
  readonly version: number;
  readonly description: string;
  /** The operator's variables the release is to run with. */
  readonly env: Readonly<Record<string, string>>;
  /** Those of `env` that Hop3 made for an earlier release: nobody set them. */
  readonly generated: readonly string[];
  /** The branch update that belongs to the release; null when the branch already names the commit. */
  readonly branch: { readonly ref: string; readonly commit: Oid; readonly old: Oid | null } | null;
}

/** A site's address, for people: the port is left out when it is HTTP's own. */
export function siteUrl(host: string, port: number): string {
  return `http://${host}${port === 80 ? '' : `:${port}`}`;
}

/** Where the app answers under its own name. */
export function appUrl(app: AppName, domain: string, port: number): string {
  return siteUrl(`${app}.${domain}`, port);
}
