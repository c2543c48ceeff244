// Shows the heartbeat that the background worker writes.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const host = process.env.BIND_ADDRESS ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8000);

const server = createServer(async (_request, response) => {
  const heartbeat = await readFile('heartbeat.json', 'utf8').then(JSON.parse).catch(() => null);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ release: process.env.HOP3_RELEASE ?? null, heartbeat })}\n`);
});
server.keepAliveTimeout = 75_000;
server.listen(port, host, () => console.log(`listening on ${host}:${port}`));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
