import { join } from 'node:path';
import { INSTALL_DIR, type Paths } from '../paths.ts';
import type { Settings } from '../settings.ts';

/**
 * What every git that serves a request runs with. node-git-server gives its children the server's own environment, so this is set
 * for the whole process; the pipeline's programs do not see it (src/run.ts starts them with a clean one).
 */
export function gitEnvironment(settings: Pick<Settings, 'maxPushBytes'>, paths: Paths): Record<string, string> {
  const config: readonly (readonly [string, string])[] = [
    ['core.hooksPath', join(INSTALL_DIR, 'hooks')],
    // Every ref goes through hooks/proc-receive: nothing moves unless the pipeline says so.
    ['receive.procReceiveRefs', 'refs'],
    ['receive.advertisePushOptions', 'true'],
    ['receive.advertiseAtomic', 'true'],
    // Packs are kept as packs: unpacking a 200 MB push into loose objects took 10.8 s instead of 3.4 s.
    ['receive.unpackLimit', '1'],
    // git would tidy up while the client waits for the end of its push; the server has it done behind the answer.
    ['receive.autogc', 'false'],
    // The fence counts the body first and tells it better; this one bounds what a pack unpacks to on the way.
    ['receive.maxInputSize', String(settings.maxPushBytes)],
    // Lets a push from a shallow clone come as far as the policy, which says what to type; git's own refusal does not.
    ['receive.shallowUpdate', 'true'],
    // Pushing an older commit is a rollback, and the policy has its own words about deletions.
    ['receive.denyNonFastForwards', 'false'],
    ['receive.denyDeletes', 'false'],
  ];
  return {
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(config.flatMap(([key, value], index) => [[`GIT_CONFIG_KEY_${index}`, key], [`GIT_CONFIG_VALUE_${index}`, value]])),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    HOP3_HOOK_SOCKET: paths.hookSocket,
  };
}

/** Puts the git environment into a process's own; whatever git variables it was started with would mislead every git below it. */
export function applyGitEnvironment(environment: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(env)) if (name.startsWith('GIT_')) delete env[name];
  Object.assign(env, environment);
}
