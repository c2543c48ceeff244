import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALL_DIR } from './paths.ts';

/** Hop3's own version, as package.json of the installed tree says. */
export const VERSION: string = (JSON.parse(readFileSync(join(INSTALL_DIR, 'package.json'), 'utf8')) as { version: string }).version;
