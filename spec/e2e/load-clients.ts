import { Agent, request } from 'node:http';
import type { World } from './world.ts';

export interface Load {
  /** Ends the clients; what they saw. */
  stop(): Promise<{ answers: number; failures: string[]; bodies: Set<string> }>;
}

/**
 * Keep-alive clients that ask until told to stop; every answer but 200 and every broken connection is a failure. `likeBrowsers`: a
 * question on a connection that had been idle, which is reset before any byte of an answer, is asked once more on a fresh one
 * (RFC 9110, 9.2.2). That happens when nginx reloads, as it closes idle connections then, and at no other time.
 */
export function load(world: World, app: string, clients: number, mark: RegExp = /mark-\d+/, likeBrowsers = false): Load {
  const failures: string[] = [];
  const bodies = new Set<string>();
  let answers = 0;
  let running = true;
  const one = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let again = false;
    while (running) {
      await new Promise<void>((resolve) => {
        const call = request({ host: '127.0.0.1', port: world.httpPort, path: '/', agent: again ? false : agent, headers: { host: `${app}.localhost` } }, (response) => {
          again = false;
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => { body += chunk; });
          response.on('end', () => {
            answers += 1;
            bodies.add(mark.exec(body)?.[0] ?? body.slice(0, 40));
            if (response.statusCode !== 200) failures.push(`${response.statusCode}`);
            setTimeout(resolve, 2);
          });
          response.on('error', (error) => { failures.push(error.message); resolve(); });
        });
        call.on('error', (error) => {
          const retry = likeBrowsers && !again && call.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
          if (!retry) failures.push(error.message);
          again = retry;
          resolve();
        });
        call.end();
      });
    }
    agent.destroy();
  };
  const all = Promise.all(Array.from({ length: clients }, one));
  return {
    stop: async () => {
      running = false;
      await all;
      return { answers, failures, bodies };
    },
  };
}
