import { Hop3Error } from '../errors.ts';

/** What to say of a connection that ended over its certificate; null for any other error. */
export function certificateTrouble(server: string, error: Error): Hop3Error | null {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!/^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT)/.test(code)) return null;
  const { hostname } = new URL(server);
  return new Hop3Error('HOP3_UNREACHABLE', {
    what: `The certificate of ${server} is not trusted: ${error.message}.`,
    why: 'The token was not sent.',
    next: `If an authority of your own made it: set HOP3_CA_FILE to that authority's certificate. For git: git config --global http.https://${hostname}/.sslCAInfo FILE`,
  });
}
