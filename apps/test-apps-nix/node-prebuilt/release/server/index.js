// An app that is published with all its packages beside it.
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const greeting = require('greeting');

const settings = JSON.parse(readFileSync('settings.json', 'utf8'));

createServer((request, response) => {
  response.end(request.url === '/healthz' ? 'ok\n' : `${greeting(settings.name)} from ${__dirname}, in ${process.cwd()}\n`);
}).listen(settings.port, process.env.BIND_ADDRESS);

process.on('SIGTERM', () => process.exit(0));
