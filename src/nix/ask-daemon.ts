import { NixDaemon, NoDaemonAnswer } from './daemon.ts';

/** Null where the daemon did not answer: then the nix-store program is asked, and says why. */
export async function askDaemon<T>(question: (daemon: NixDaemon) => Promise<T>): Promise<T | null> {
  let daemon: NixDaemon | undefined;
  try {
    daemon = await NixDaemon.open();
    return await question(daemon);
  } catch (error) {
    if (error instanceof NoDaemonAnswer) return null;
    throw error;
  } finally {
    daemon?.close();
  }
}
