import { existsSync } from 'node:fs';
import { run } from '../run.ts';
import { configFile } from '../runtime/nginx-process.ts';
import { boundPorts } from '../runtime/processes.ts';
import { isScanning } from '../runtime/supervise-service.ts';
import { checkAddress } from '../runtime/supervisor-ports.ts';
import { rootProcesses } from '../runtime/supervisor-processes.ts';
import { formatAddress, type Address } from '../settings.ts';
import { fail, ok, warn, type Finding, type Look, type Surroundings } from './model.ts';

export const lookAtServing: readonly Look[] = [
  { name: 'supervisor', look: ({ paths }) => [existsSync(paths.services) && isScanning(paths) ? ok('supervisor', 'runs') : warn('supervisor', 'does not run, so no app does', 'hop3 up, or systemctl start hop3')] },
  { name: 'HOP3_LISTEN', look: (surroundings) => address(surroundings, 'HOP3_LISTEN', surroundings.settings.listen) },
  { name: 'HOP3_HTTP_LISTEN', look: (surroundings) => address(surroundings, 'HOP3_HTTP_LISTEN', surroundings.settings.httpListen) },
  { name: 'nginx configuration', look: async (surroundings) => [await nginxTest(surroundings)] },
];

async function address({ paths }: Surroundings, setting: string, where: Address): Promise<Finding[]> {
  const held = boundPorts(rootProcesses(paths).map((one) => one.pid)).some((one) => one.port === where.port && one.protocol === 'tcp');
  if (held) return [ok(setting, `${formatAddress(where)}, held by Hop3`)];
  await checkAddress(setting, where);
  return [ok(setting, `${formatAddress(where)}, free`)];
}

async function nginxTest({ paths }: Surroundings): Promise<Finding> {
  const name = 'nginx configuration';
  if (!existsSync(configFile(paths))) return ok(name, 'none yet');
  const tested = await run({ file: 'nginx', args: ['-t', '-q', '-e', 'stderr', '-p', paths.nginx, '-c', configFile(paths)], limit: 30 });
  if (tested.code === 0) return ok(name, 'is accepted');
  return fail(name, `nginx refuses it: ${tested.tail.find((line) => line.includes('[emerg]')) ?? tested.tail.at(-1) ?? ''}`, 'Restart the server, which writes it anew: hop3 down, then hop3 up. If that does not help, report this line.');
}
