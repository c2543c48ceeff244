import { NixDaemon, NoDaemonAnswer } from './daemon.ts';

/** Connections that are kept ready, and milliseconds that each is. */
const MOST_READY = 8;
const READY_MS = 5000;
/** Milliseconds after which a connection is closed that has answered. The daemon's process ends then, and whoever asked would wait 1 to 2 ms for that. */
const CLOSE_MS = 300;

/** Each is used for one question: the daemon's process remembers what it has looked up, and another could delete that meanwhile. */
const ready: { readonly opening: Promise<NixDaemon | null>; readonly end: NodeJS.Timeout }[] = [];

/**
 * Opens a connection for a question that is about to come: the daemon starts a process for each, which takes about 5 ms. One that is not used
 * is closed again.
 */
export function expectQuestion(): void {
  if (ready.length >= MOST_READY) return;
  const opening = NixDaemon.open().then((daemon) => daemon, () => null);
  const one = { opening, end: setTimeout(() => {
    ready.splice(ready.indexOf(one), 1);
    void opening.then((daemon) => daemon?.close());
  }, READY_MS).unref() };
  ready.push(one);
}

/** Null where the daemon did not answer: then the nix-store program is asked, and says why. */
export async function askDaemon<T>(question: (daemon: NixDaemon) => Promise<T>): Promise<T | null> {
  const daemon = await takeReady();
  // It may have been closed since, by a daemon that was started anew.
  const answer = daemon && (await askOnce(question, async () => daemon));
  return answer ?? askOnce(question, () => NixDaemon.open());
}

async function takeReady(): Promise<NixDaemon | null> {
  const one = ready.shift();
  if (!one) return null;
  clearTimeout(one.end);
  return one.opening;
}

async function askOnce<T>(question: (daemon: NixDaemon) => Promise<T>, open: () => Promise<NixDaemon>): Promise<T | null> {
  let daemon: NixDaemon | undefined;
  try {
    daemon = await open();
    return await question(daemon);
  } catch (error) {
    if (error instanceof NoDaemonAnswer) return null;
    throw error;
  } finally {
    daemon?.closeIn(CLOSE_MS);
  }
}
