import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import { parseSlotTarget, webSlotFile } from './slot-target.ts';

/**
 * Makes the directory that `current` is going to name (see slotTarget): with `static`, a link to the files, where there are any, and for a web app
 * without files the file that nginx looks for.
 * @param files an absolute path; null when the release has no files
 */
export function makeModeDirectory(paths: Paths, app: AppName, target: string, files: string | null): void {
  const dir = join(paths.app(app), target);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (files !== null) symlinkSync(files, join(dir, 'static'));
  const parsed = parseSlotTarget(target);
  if (parsed?.mode === 'web') writeFileSync(join(dir, webSlotFile(parsed.slot)), '', { mode: 0o600 });
}
