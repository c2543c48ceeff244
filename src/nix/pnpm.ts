import type { Fields } from './fields.ts';
import type { NixCode } from './quote.ts';
import { packagePath } from './start-script.ts';

/**
 * The pnpm that a key names. Its major version decides how fetched packages are kept, and so their hash; 10 is the one that
 * every nixpkgs from 25.05 on has and none refuses as insecure.
 */
export function pnpmPackage(fields: Fields, key: string): NixCode {
  return packagePath(key, fields.text(key, '"pnpm_10"') ?? 'pnpm_10');
}
