import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { Hop3Error } from '../errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * How a server's certificate is judged. A server on this machine shows the file that HOP3_TLS_CERT names, whatever names stand in it; any
 * other must be vouched for by an authority of the system or of HOP3_CA_FILE.
 * @returns undefined for Node's own judgement
 */
export function agentFor(url: URL, env: Env): https.Agent | undefined {
  if (url.protocol !== 'https:') return undefined;
  const pinned = env['HOP3_TLS_CERT'];
  if (pinned && /^(localhost|127\..*|\[::1\])$/.test(url.hostname)) return new PinnedAgent(new X509Certificate(read('HOP3_TLS_CERT', pinned)));
  const file = env['HOP3_CA_FILE'];
  return file ? new https.Agent({ ca: [...tls.rootCertificates, read('HOP3_CA_FILE', file).toString('utf8')] }) : undefined;
}

/** For who has loaded this file only where TLS is spoken: it takes longer than what a short command has to say. */
export const requestOverTls: typeof https.request = https.request;

/** Connects only to who shows this one certificate, before a byte of the request is sent. */
class PinnedAgent extends https.Agent {
  readonly #pinned: X509Certificate;

  constructor(pinned: X509Certificate) {
    super();
    this.#pinned = pinned;
  }

  override createConnection(options: https.RequestOptions, done?: (error: Error | null, stream: Duplex) => void): undefined {
    const socket = tls.connect({ host: options.host ?? 'localhost', port: Number(options.port), rejectUnauthorized: false });
    const fail = (error: Error): void => done?.(error, socket);
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      if (socket.getPeerX509Certificate()?.raw.equals(this.#pinned.raw)) return done?.(null, socket);
      socket.destroy();
      fail(Object.assign(new Error('it is not the one in the file that HOP3_TLS_CERT names'), { code: 'CERT_PINNED' }));
    });
    return undefined;
  }
}

function read(setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Hop3Error('HOP3_USAGE', { what: `${setting}=${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.` });
  }
}
