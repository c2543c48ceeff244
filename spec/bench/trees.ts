import { randomBytes } from 'node:crypto';
import { expression, site } from '../e2e/tiny-apps.ts';

/** Part of what each round of a change puts into its file: a tree that an earlier bench of this machine pushed would be in the store already. */
export const THIS_RUN = randomBytes(6).toString('hex');

/** One page, built in one step. */
export const oneFileSite = (text: string): Record<string, string> => site(text);

/** Beside the page so many files that a site of 20 MB has 1,000. */
const FILES = 1000;
const BYTES = 20_000;

/** The same site with 1,000 files, 20 MB; no two trees of it share a file but the page. */
export function thousandFileSite(text: string): Record<string, string> {
  const files: Record<string, string> = {
    ...expression(`pkgs.runCommand "site" { } ''
    mkdir -p $out/hop3
    cp -r \${./public} $out/public
    echo "{\\"workers\\":{\\"static\\":\\"$out/public\\"}}" > $out/hop3/runtime.json
  ''`),
    'public/index.html': `${text}\n`,
  };
  for (let number = 0; number < FILES - 1; number += 1) {
    files[`public/${number % 20}/${number}.txt`] = randomBytes(BYTES / 2).toString('hex');
  }
  return files;
}

/** A Python web app (Flask under gunicorn): where it is, the file that changes, and what must answer. */
export const WEB_EXAMPLE = { dir: 'test-apps-nix/flask-gunicorn', file: 'app.py', health: '/healthz' };
