import { createServer } from 'node:http';
import accepts from 'accepts';
import escapeHtml from 'escape-html';

const GREETINGS = { en: 'Hello', de: 'Guten Tag', fr: 'Bonjour' };

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/healthz') return response.end('ok\n');
  const language = accepts(request).language(Object.keys(GREETINGS)) || 'en';
  const name = escapeHtml(url.searchParams.get('name') ?? 'world');
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(`<p lang="${language}">${GREETINGS[language]}, ${name}</p>\n`);
});
server.listen(process.env.PORT, process.env.BIND_ADDRESS, () => console.log(`listening on port ${process.env.PORT}`));
