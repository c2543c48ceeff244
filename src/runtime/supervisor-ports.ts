import { createServer } from 'node:net';
import { Hop3Error } from '../errors.ts';
import { formatAddress, type Address, type Settings } from '../settings.ts';
import { portUser } from './ports.ts';

/**
 * Sees that Hop3 can listen where its settings say, before anything is started.
 * @throws Hop3Error HOP3_PORT_IN_USE that names the address and, as far as can be seen, who has it; HOP3_SETTING for an
 * address that this host has not, or a port that takes a right to listen on
 */
export async function checkAddresses(settings: Pick<Settings, 'listen' | 'httpListen'>): Promise<void> {
  const { listen, httpListen } = settings;
  if (formatAddress(listen) === formatAddress(httpListen)) {
    throw new Hop3Error('HOP3_SETTING', { what: `HOP3_LISTEN and HOP3_HTTP_LISTEN are both ${formatAddress(listen)}.`, next: 'Give one of them another port: git and the API cannot share one with the apps.' });
  }
  await checkAddress('HOP3_LISTEN', listen);
  await checkAddress('HOP3_HTTP_LISTEN', httpListen);
}

/** The same for one of them. */
export async function checkAddress(setting: string, address: Address): Promise<void> {
  const shown = formatAddress(address);
  const code = await tryToListen(address);
  if (code === null) return;
  if (code === 'EADDRINUSE') {
    throw new Hop3Error('HOP3_PORT_IN_USE', {
      what: `${setting}=${shown} cannot be used: ${portUser(address.port)} listens there.`,
      why: 'Nothing was started.',
      next: `End that program, or set ${setting} to another address.`,
    });
  }
  throw new Hop3Error('HOP3_SETTING', {
    what: `${setting}=${shown} cannot be used: ${code === 'EACCES' ? `port ${address.port} takes a right that this user has not` : code === 'EADDRNOTAVAIL' ? 'this host has no such address' : code}.`,
    next: code === 'EACCES'
      ? 'Set a port of 1024 or above, or start Hop3 from the systemd unit, which has CAP_NET_BIND_SERVICE.'
      : 'Set an address of this host, 127.0.0.1, or 0.0.0.0 for all of them.',
  });
}

/** The error's code, or null when it works. */
function tryToListen(address: Address): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
