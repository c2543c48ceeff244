import http from 'node:http';
import { reachableHost, type Address } from './settings.ts';

/** Whether something speaks HTTP at the address, whatever it answers. Waits 2 s at most; a wildcard address is asked on loopback. */
export function answersHttp(address: Address): Promise<boolean> {
  const host = reachableHost(address);
  return new Promise((resolve) => {
    const request = http.get({ host, port: address.port, path: '/', headers: { host: 'hop3-status.invalid' }, agent: false }, (answer) => {
      answer.resume();
      resolve(true);
    });
    request.setTimeout(2000, () => request.destroy(new Error('silent')));
    request.on('error', () => resolve(false));
  });
}
