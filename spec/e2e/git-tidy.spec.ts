import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tidyRepo } from '../../src/git/repo.ts';
import { until } from './world.ts';

const tidy = suite('a repository is tidied up when there is something to do');
let repo: string;

tidy.before.each(() => {
  repo = mkdtempSync('/var/tmp/hop3-tidy-');
  git(['init', '--quiet', '--bare', '--template=', '.']);
});
tidy.after.each(() => rmSync(repo, { recursive: true, force: true }));

tidy('fifty packs are left alone, one more joins them all', async () => {
  for (let number = 1; number <= 50; number += 1) bring(`pages/${number}`, 1, 1);
  await tidyRepo(repo);
  assert.is(packs(), 50);
  bring('pages/51', 1, 1);
  await tidyRepo(repo);
  await joined();
});

tidy('so are loose objects by the thousand', async () => {
  bring('all', 8000, 100_000);
  assert.is(packs(), 0);
  await tidyRepo(repo);
  await joined();
});

/** A branch of so many files: in a pack of their own, or loose where they are fewer than `loose`. */
function bring(branch: string, files: number, loose: number): void {
  const lines = Array.from({ length: files }, (_, number) => `M 100644 inline ${number}\ndata <<.\n${branch} ${number}\n.\n`);
  git(['-c', `fastimport.unpackLimit=${loose}`, 'fast-import', '--quiet'], `commit refs/heads/${branch}\ncommitter Ann <ann@example.org> 0 +0000\ndata 0\n${lines.join('')}`);
}

/** Git may go on in the background. */
async function joined(): Promise<void> {
  await until('the packs to be one, and git to be done', () => packs() === 1 && !existsSync(join(repo, 'gc.pid')));
}

function packs(): number {
  return readdirSync(join(repo, 'objects', 'pack')).filter((name) => name.endsWith('.pack')).length;
}

function git(args: readonly string[], input?: string): void {
  execFileSync('git', args, { cwd: repo, input, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'inherit'] });
}

tidy.run();
