import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKOUT, exec } from './world.ts';

/** Trees of other versions of Hop3, each with a `bin/hop3` that runs, below one directory of the spec's own. */
export class Hop3Trees {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** What a commit of this repository holds, built; null, with a line that says why, where the checkout has no such history. */
  async ofCommit(commit: string): Promise<string | null> {
    const tree = join(this.#dir, commit);
    await mkdir(tree, { recursive: true });
    const archive = await exec('git', ['-c', 'safe.directory=*', '-C', CHECKOUT, 'archive', '-o', `${tree}.tar`, commit]);
    if (archive.code !== 0) {
      console.log(`skipped: the code of ${commit} is not in this checkout (${archive.stderr.trim().split('\n')[0]}); today's code with other bytes stands in for it`);
      return null;
    }
    await must('tar', ['-xf', `${tree}.tar`, '-C', tree]);
    await symlink(join(CHECKOUT, 'node_modules'), join(tree, 'node_modules'));
    await must(process.execPath, [join(tree, 'scripts', 'build.mjs')], tree);
    return tree;
  }

  /** Today's code with its two programs changed: an upgrade that goes one way or the other. */
  async changed(name: string, change: { server?: (text: string) => string; cli?: (text: string) => string }): Promise<string> {
    const tree = join(this.#dir, name);
    for (const part of ['bin', 'dist', 'hooks', 'nix-templates', 'nginx-templates', 'schema', 'package.json']) await cp(join(CHECKOUT, part), join(tree, part), { recursive: true });
    await symlink(join(CHECKOUT, 'node_modules'), join(tree, 'node_modules'));
    // The command is a bundle and its chunks; a change finds the one that it is about.
    for (const name of (await readdir(join(tree, 'dist'))).filter((file) => file.endsWith('.js'))) {
      const file = join(tree, 'dist', name);
      const text = await readFile(file, 'utf8');
      const changed = change[name === 'server.js' ? 'server' : 'cli']?.(text) ?? text;
      if (changed !== text) await writeFile(file, changed);
    }
    return tree;
  }

  async remove(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** A bundle that knows one migration more. */
export function withMigration(sql: string): (text: string) => string {
  return (text) => {
    const found = /\bmigrations ?= ?\[\s*`[^]*?`,?\s*\];/.exec(text);
    if (!found) return text;
    const end = found.index + found[0].length;
    return `${text.slice(0, end)}\nmigrations.push(${JSON.stringify(sql)});${text.slice(end)}`;
  };
}

async function must(file: string, args: string[], cwd?: string): Promise<void> {
  const ran = await exec(file, args, cwd === undefined ? {} : { cwd });
  if (ran.code !== 0) throw new Error(`${file} ${args.join(' ')}: ${ran.output}`);
}
