import { Paths } from '../paths.ts';
import { refuseRoot, stopSupervisor, type Process } from '../runtime/supervisor.ts';
import { readSettings } from '../settings.ts';

/**
 * `hop3 down`: ends every process of this HOP3_ROOT and says what that was. Nothing to end is no error.
 * @returns the exit code
 * @throws Hop3Error HOP3_ROOT_USER, HOP3_SETTING, HOP3_STILL_RUNNING
 */
export async function down(options: { readonly env?: NodeJS.ProcessEnv } = {}): Promise<number> {
  const settings = readSettings(options.env ?? process.env);
  refuseRoot(settings.root);
  const { found, forced } = await stopSupervisor(new Paths(settings.root), settings.drainTimeout);
  if (found.length === 0) {
    process.stdout.write(`hop3: not running (nothing of ${settings.root} runs)\n`);
    return 0;
  }
  for (const one of forced) process.stderr.write(`hop3: ended by force: ${one.pid} ${one.command.slice(0, 100)}\n`);
  process.stdout.write(`hop3: stopped ${describe(found)}; no process is left\n`);
  return 0;
}

/** "server, nginx, shop.a.web.1 (14 processes)": services by the argument of their supervisors. */
function describe(found: readonly Process[]): string {
  const services = found.flatMap((one) => (one.name === 's6-supervise' ? [one.command.replace(/^s6-supervise /, '')] : [])).filter((name) => !name.endsWith('/log')).sort();
  const count = `${found.length} ${found.length === 1 ? 'process' : 'processes'}`;
  return services.length === 0 ? count : `${services.join(', ')} (${count})`;
}
