import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Nothing of Hop3 runs as root, so a spec that starts real programs must not either. Called first in a spec file: under
 * root the file is run again as the user HOP3_SPEC_USER (`hop3-spec`, made when it is missing) and this process ends with
 * that run's exit code; as an ordinary user it returns at once.
 *
 *     await asOrdinaryUser(import.meta.url);
 */
export async function asOrdinaryUser(specUrl: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const user = ensureUser(process.env['HOP3_SPEC_USER'] ?? 'hop3-spec');
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith('HOP3_') || name === 'NIX_REMOTE' || name === 'NODE_OPTIONS');
  const child = spawn(
    'setpriv',
    // setpriv becomes node itself, so a signal for the child reaches the spec; runuser would stay in between.
    [`--reuid=${user.name}`, `--regid=${user.gid}`, '--init-groups', process.execPath, ...process.execArgv, fileURLToPath(specUrl), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LANG: 'C.UTF-8',
        NIX_REMOTE: 'daemon',
        ...Object.fromEntries(settings),
        HOME: user.home,
        USER: user.name,
        LOGNAME: user.name,
      },
    },
  );
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => {
      if (signal) process.stderr.write(`${fileURLToPath(specUrl)} was ended by ${signal}\n`);
      resolve(exit ?? 1);
    });
  });
  process.exit(code);
}

interface User {
  readonly name: string;
  readonly gid: string;
  readonly home: string;
}

function ensureUser(name: string): User {
  const known = lookUp(name);
  if (known) return known;
  const made = spawnSync('useradd', ['--system', '--user-group', '--create-home', '--home-dir', `/var/lib/${name}`, '--shell', '/bin/sh', name], { encoding: 'utf8' });
  // Two spec files may start together; the one that comes second finds the user made.
  const user = lookUp(name);
  if (!user) throw new Error(`the user ${name} could not be made: ${made.stderr}`);
  return user;
}

function lookUp(name: string): User | null {
  const answer = spawnSync('getent', ['passwd', name], { encoding: 'utf8' });
  const [found, , , gid, , home] = answer.stdout.trim().split(':');
  return found && gid && home ? { name: found, gid, home } : null;
}
