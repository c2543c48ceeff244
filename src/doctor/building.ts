import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { silentLog } from '../log.ts';
import { nixEnv } from '../nix/nix-command.ts';
import { nixDaemonError } from '../nix/nix-failure.ts';
import { nixpkgsTarball } from '../nix/nixpkgs-source.ts';
import { resolvePackageSet } from '../nix/package-set.ts';
import { builtInPin } from '../nix/pins.ts';
import { run, runOk } from '../run.ts';
import { fail, ok, warn, type Finding, type Look, type Surroundings } from './model.ts';

const NIX_CONF = 'What nix.conf lacks: scripts/nix-conf.sh, in the checkout (it prints the lines). Then restart nix-daemon.';
/** Seconds for a derivation of one line, on a busy machine too. */
const BUILD_LIMIT = 120;
const REACH_MS = 10_000;

export const lookAtBuilding: readonly Look[] = [
  { name: 'nix build', look: async (surroundings) => [await buildSomething(surroundings)] },
  { name: 'restrict-eval', look: async (surroundings) => [await evaluateForbidden(surroundings)] },
  { name: 'package set', look: async (surroundings) => [await findPackageSet(surroundings)] },
];

/** One that was never built before, whose builder tells where it is: only the sandbox has such a /etc/passwd. */
async function buildSomething({ paths }: Surroundings): Promise<Finding> {
  const script = 'IFS= read -r first </etc/passwd; echo "$first" >"$out"; exit 0';
  const expression = `derivation { name = "hop3-doctor-${Date.now()}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" ${JSON.stringify(script)} ]; }`;
  const command = { file: 'nix-build', args: ['--no-out-link', '--option', 'substituters', '', '--timeout', String(BUILD_LIMIT), '-E', expression], limit: BUILD_LIMIT + 10, env: nixEnv(paths.toolHome) };
  const finished = await run(command);
  if (finished.code !== 0) {
    const daemon = nixDaemonError(finished.tail);
    if (daemon) throw daemon;
    const why = finished.tail.filter((line) => line.startsWith('error:')).at(-1) ?? finished.tail.at(-1) ?? '';
    return fail('nix build', finished.timedOut ? `a derivation of one line was not built within ${BUILD_LIMIT} s` : `a derivation of one line was not built: ${why}`, NIX_CONF);
  }
  const first = readFileSync(finished.stdout.trim(), 'utf8').trim();
  return first.includes('Nix build user') ? ok('nix build', 'the daemon builds, in its sandbox') : fail('nix build', 'builds run outside the sandbox: a push could read the files of this machine', `sandbox = true\n${NIX_CONF}`);
}

async function evaluateForbidden({ paths }: Surroundings): Promise<Finding> {
  const finished = await run({ file: 'nix-instantiate', args: ['--eval', '--option', 'restrict-eval', 'true', '-E', 'builtins.readFile "/etc/passwd"'], limit: 60, env: nixEnv(paths.toolHome) });
  if (finished.code === 0) return fail('restrict-eval', 'an expression can read the files of this machine while it is evaluated', 'Install a Nix of 2.4 or newer; this one takes no notice of restrict-eval.');
  if (finished.tail.some((line) => /restricted|forbidden/.test(line))) return ok('restrict-eval', 'an expression that reads /etc/passwd is refused');
  return warn('restrict-eval', `could not be tried: ${finished.tail.at(-1) ?? 'nix said nothing'}`, 'Mend nix first: see the lines above.');
}

async function findPackageSet(surroundings: Surroundings): Promise<Finding> {
  const { nixpkgs } = surroundings.settings;
  const name = 'package set';
  if (nixpkgs.kind === 'host') {
    const { title } = await resolvePackageSet(surroundings.settings, silentLog);
    return warn(name, title, 'For reproducible builds let the server reach nixpkgs and set HOP3_NIXPKGS=built-in.');
  }
  if (nixpkgs.kind === 'path') return ok(name, (await resolvePackageSet(surroundings.settings, silentLog)).title);
  const pin = nixpkgs.kind === 'built-in' ? builtInPin(await runOk({ file: 'nix-build', args: ['--version'], limit: 60, env: nixEnv() })) : { rev: nixpkgs.rev };
  const short = pin.rev.slice(0, 12);
  if (existsSync(join(surroundings.paths.toolHome, `nixpkgs-${short}`))) return ok(name, `nixpkgs ${short}, fetched`);
  const url = nixpkgsTarball(pin.rev);
  const answer = await reach(url);
  if (answer === null) return ok(name, `nixpkgs ${short}, to be fetched at the first build`);
  return fail(name, `nixpkgs ${short} is not here, and ${url} cannot be reached: ${answer}`, "Let the server reach github.com (https_proxy counts for nix-daemon), or set HOP3_NIXPKGS to a path or to host, the distribution's own programs.");
}

/** Null when it answers; else why not. */
function reach(url: string): Promise<string | null> {
  return new Promise((resolve) => {
    const call = request(url, { method: 'HEAD', timeout: REACH_MS, agent: false }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 400 ? null : `status ${response.statusCode}`);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${REACH_MS / 1000} s`)));
    call.on('error', (error) => resolve(error.message === '' ? (error as NodeJS.ErrnoException).code ?? 'no connection' : error.message));
    call.end();
  });
}
