import { request } from 'node:http';

/** What an app on this machine answers, on a connection of its own; null when it does not. */
export function ask(port: number, path: string): Promise<{ status: number; body: string } | null> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path, agent: false, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => { body += part; });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
      response.on('error', () => resolve(null));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(null));
    call.end();
  });
}
