// A stand-in for Hop3's server: answers /healthz, and tells what it was given.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const [mode = 'good'] = process.argv.slice(2);
const listen = new URL(`http://${process.env.HOP3_LISTEN}`);
if (mode === 'broken') {
  console.error('the stand-in cannot open its database');
  await delay(200);
  process.exit(3);
}
const server = createServer((request, response) => {
  if (request.url === '/healthz') return response.writeHead(mode === 'sick' ? 500 : 200).end('ok\n');
  response.end(JSON.stringify({ pid: process.pid, env: process.env, argv: process.argv, umask: process.umask(), limits: readFileSync('/proc/self/limits', 'utf8') }));
});
server.listen(Number(listen.port), listen.hostname, () => console.log(`the stand-in listens, pid ${process.pid}`));
process.on('SIGTERM', () => { console.log('the stand-in was told to end'); server.close(); server.closeAllConnections(); });
