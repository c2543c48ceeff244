import type { Server } from 'node:https';
import { Hop3Error } from '../errors.ts';
import { readTlsFiles, stampOf, type TlsFiles } from '../tls-files.ts';

/** Milliseconds between two looks at the files. */
const LOOK_MS = 5000;

/**
 * Takes a renewed certificate into use, when its files change and at SIGHUP. Connections that are open, and so pushes under way, go
 * on with the one they began with. Files that cannot be used are told, and the old certificate stays.
 * @returns stops looking
 */
export function renewCertificate(server: Server, files: TlsFiles, say: (text: string) => void): () => void {
  let stamp = stampOf(files);
  const renew = (): void => {
    try {
      server.setSecureContext(readTlsFiles(files));
      say(`the certificate in ${files.cert} is in use from now on`);
    } catch (error) {
      say(`the certificate stays the one before: ${error instanceof Hop3Error ? error.what : String(error)}`);
    }
  };
  const timer = setInterval(() => {
    const now = stampOf(files);
    if (now === null || now === stamp) return;
    stamp = now;
    renew();
  }, LOOK_MS);
  timer.unref();
  process.on('SIGHUP', renew);
  return () => {
    clearInterval(timer);
    process.off('SIGHUP', renew);
  };
}
