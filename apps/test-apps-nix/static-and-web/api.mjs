import { createServer } from 'node:http';

const host = process.env.BIND_ADDRESS ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8000);

const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://app').pathname;
  // `/both.txt` is a file, too: whoever reads this answer found the worker before the file.
  const known = ['/', '/api/time', '/both.txt'].includes(path);
  response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ from: 'web', path, time: new Date().toISOString() })}\n`);
});
server.keepAliveTimeout = 75_000;
server.listen(port, host, () => console.log(`listening on ${host}:${port}`));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
