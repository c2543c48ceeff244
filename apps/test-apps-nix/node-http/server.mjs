// An HTTP server of Node's own library: nothing to install.
import { createServer } from 'node:http';

const host = process.env.BIND_ADDRESS ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8000);

const routes = {
  '/': () => `Hello from Node ${process.version}, this is ${process.env.HOP3_RELEASE ?? 'no release'}\n`,
  '/healthz': () => 'ok\n',
};

const server = createServer((request, response) => {
  const route = routes[new URL(request.url, 'http://app').pathname];
  response.writeHead(route ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(route ? route() : 'Not found\n');
});

// Longer than nginx keeps an idle connection, so that nginx is the one to close it.
server.keepAliveTimeout = 75_000;
server.listen(port, host, () => console.log(`listening on ${host}:${port}`));

// Requests that are being answered finish; idle connections are closed.
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
