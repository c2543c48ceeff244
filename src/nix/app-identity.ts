import type { AppConfig } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import { derivationName } from './derivation-name.ts';
import type { Fields } from './fields.ts';

/** What an app is called inside its expression. */
export interface AppIdentity {
  /** `[metadata] id`, else the app's name on this server. */
  readonly id: string;
  readonly appName: string;
  /** The id as part of a store path's name. */
  readonly pname: string;
  /** As written in `[metadata] version`, else `[nix] version`. */
  readonly version: string | null;
  readonly description: string;
}

export function appIdentity(fields: Fields, config: AppConfig, appName: string): AppIdentity {
  const id = config.metadata.id ?? appName;
  return {
    id, appName,
    pname: derivationName(id),
    version: config.metadata.version ?? fields.text('version', '"1.0"'),
    description: config.metadata.description ?? config.metadata.title ?? id,
  };
}

/** The version as part of a store path's name; "0" where the file gives none. */
export function storeVersion(app: AppIdentity): string {
  return app.version === null ? '0' : derivationName(app.version);
}

/**
 * The text with `${version}` filled in: Hop3 expands it in url and in a few keys of templates, nothing else there.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD where the file gives no version
 */
export function withVersion(key: string, text: string, app: AppIdentity): string {
  if (!text.includes('${version}')) return text;
  if (app.version !== null) return text.replaceAll('${version}', app.version);
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `[nix] ${key} uses \${version}, and hop3.toml gives no version.`,
    next: 'Add under [metadata], for example: version = "1.0"',
  });
}
