import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exec } from '../e2e/world.ts';

/** WordPress as Debian ships it, with what its packages link to. */
const PACKAGES = ['wordpress', 'wordpress-theme-twentytwentythree', 'php-getid3', 'libjs-cropper', 'libjs-prototype', 'libjs-scriptaculous', 'libjs-underscore'];

export interface WordPressSource {
  readonly version: string;
  /** Where the archive is served; `${version}` in it is the version. */
  readonly url: string;
  /** As hop3.toml takes it. */
  readonly sha256: string;
  readonly close: () => void;
}

/**
 * Makes a release archive of WordPress, as its authors publish it, out of Debian's packages, and serves it on loopback. Nothing is installed.
 * @returns a reason when the packages cannot be had here
 */
export async function wordPressSource(dir: string): Promise<WordPressSource | string> {
  const debs = join(dir, 'debs');
  const tree = join(dir, 'tree');
  await mkdir(debs, { recursive: true });
  const fetched = await exec('apt-get', ['download', ...PACKAGES], { cwd: debs, limit: 120 }).catch((error: Error) => ({ code: 1, output: error.message }));
  if (fetched.code !== 0) return `Debian's packages of WordPress cannot be fetched here: ${fetched.output.trim().split('\n').at(-1)}`;
  const names = await readdir(debs);
  for (const name of names) await done('dpkg-deb', ['-x', join(debs, name), join(dir, 'unpacked')]);
  const version = /^wordpress_([0-9.]+)/.exec(names.find((name) => name.startsWith('wordpress_'))!)![1]!;
  await mkdir(tree);
  // Debian links to the same files of other packages, and keeps settings in /etc; an archive has neither.
  for (const link of ['wp-config.php', '.htaccess']) await rm(join(dir, 'unpacked/usr/share/wordpress', link), { force: true });
  await done('cp', ['-rL', join(dir, 'unpacked/usr/share/wordpress'), tree]);
  const name = `wordpress-${version}.tar.gz`;
  await done('tar', ['-czf', join(dir, name), '-C', tree, 'wordpress']);
  const archive = await readFile(join(dir, name));
  const server = createServer((request, response) => {
    if (request.url === `/${name}`) response.end(archive);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  return {
    version, url: `http://127.0.0.1:${port}/wordpress-\${version}.tar.gz`, sha256: `sha256-${createHash('sha256').update(archive).digest('base64')}`,
    close: () => { server.close(); server.closeAllConnections(); },
  };
}

async function done(file: string, args: readonly string[]): Promise<void> {
  const ran = await exec(file, args);
  if (ran.code !== 0) throw new Error(`${file}: ${ran.output}`);
}
