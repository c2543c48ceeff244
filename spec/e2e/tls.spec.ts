// limit: 240
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { site } from './tiny-apps.ts';
import { CHECKOUT, exec, until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);

const test = suite<{ world: World; dir: string; ca: string; trusting: Record<string, string> }>('git and the API over TLS');

async function openssl(dir: string, ...args: string[]): Promise<void> {
  const ran = await exec('openssl', args, { cwd: dir });
  assert.is(ran.code, 0, ran.output);
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate for this machine, by the authority in `dir`; gives its serial number. */
async function issue(dir: string, name: string, serial: number): Promise<void> {
  await writeFile(join(dir, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  await openssl(dir, 'req', ...EC, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', '/CN=hop3');
  await openssl(dir, 'x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', String(serial), '-days', '2', '-out', `${name}.pem`, '-extfile', 'names');
}

test.before(async (context) => {
  context.dir = await mkdtemp('/var/tmp/hop3-tls-');
  context.ca = join(context.dir, 'ca.pem');
  await openssl(context.dir, 'req', '-x509', ...EC, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=An authority of our own', '-days', '2');
  await issue(context.dir, 'server', 11);
  context.world = await World.start({ HOP3_TLS_CERT: join(context.dir, 'server.pem'), HOP3_TLS_KEY: join(context.dir, 'server.key') });
  // Somebody elsewhere: no HOP3_TLS_CERT, but the authority's certificate.
  const { HOP3_TLS_CERT: _cert, HOP3_TLS_KEY: _key, ...elsewhere } = context.world.env;
  context.trusting = { ...elsewhere, HOP3_CA_FILE: context.ca, HOP3_API_TOKEN: await context.world.token() };
});
test.after(async ({ world, dir }) => {
  await world?.stop();
  await rm(dir, { recursive: true, force: true });
});

const hop3 = (env: Record<string, string>, ...args: string[]) => exec(join(CHECKOUT, 'bin/hop3'), args, { env });

/** The serial number of the certificate that a new connection is shown. */
function shown(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('git push trusts the authority that it is told of, and no other', async ({ world, ca }) => {
  const repo = await world.repo('shop', site('over TLS'));
  const refused = await repo.push();
  assert.is(refused.code, 128, refused.output);
  assert.match(refused.output, /certificate verification failed|unable to get local issuer certificate/);
  await repo.git('config', 'http.sslCAInfo', ca);
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('shop')).body, 'over TLS\n');
});

test('the hop3 command: HOP3_CA_FILE elsewhere, the server\'s own file on its machine; otherwise no token is sent', async ({ world, trusting, dir }) => {
  const apps = await hop3(trusting, 'apps', '--json');
  assert.is(apps.code, 0, apps.output);
  assert.match(apps.stdout, '"shop"');
  const { HOP3_CA_FILE: _ca, ...untold } = trusting;
  const refused = await hop3(untold, 'apps');
  assert.is(refused.code, 7, refused.output);
  assert.match(refused.output, ` !     The certificate of https://127.0.0.1:${world.port} is not trusted: `);
  assert.match(refused.output, 'The token was not sent.');
  assert.match(refused.output, 'set HOP3_CA_FILE to that authority\'s certificate');
  const { HOP3_SERVER: _server, ...onServer } = world.env;
  const local = await hop3(onServer, 'status');
  assert.is(local.code, 0, local.output);
  assert.match(local.output, `up at https://127.0.0.1:${world.port}`);
  await issue(dir, 'other', 99);
  const impostor = await hop3({ ...onServer, HOP3_TLS_CERT: join(dir, 'other.pem') }, 'apps');
  assert.is(impostor.code, 7, impostor.output);
  assert.match(impostor.output, 'it is not the one in the file that HOP3_TLS_CERT names');
});

test('a command in the live release: the other protocol runs inside TLS too', async ({ trusting }) => {
  const ran = await hop3(trusting, 'run', '--app', 'shop', '--', 'echo', 'inside');
  assert.is(ran.code, 0, ran.output);
  assert.match(ran.stdout, 'inside');
});

test('plain HTTP gets no word out of that port, and takes nothing with it', async ({ world }) => {
  const pid = await world.serverPid();
  const said = await new Promise<string>((resolve) => {
    const socket = connectPlain(world.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => { text += chunk.toString('latin1'); }).on('error', () => {}).on('close', () => resolve(text));
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
  });
  assert.not.match(said, '200');
  assert.is(await world.serverPid(), pid);
});

test('a renewed certificate is taken into use while a push is under way, which goes on; a broken one is not', async ({ world, dir, trusting }) => {
  assert.is(await shown(world.port), '0B');
  const repo = await world.repo('slow', { ...site('slow'), 'hop3.toml': '[run]\nbefore-run = "sleep 8"\n' });
  await repo.git('config', 'http.sslCAInfo', join(dir, 'ca.pem'));
  let log = '';
  const push = exec('git', ['push', 'hop3', 'main'], { cwd: repo.dir, env: world.env, onOutput: (text) => { log += text; } });
  await until('the deploy', () => log.includes('-----> '), 60);
  await issue(dir, 'next', 12);
  for (const kind of ['key', 'pem']) await rename(join(dir, `next.${kind}`), join(dir, `server.${kind}`));
  process.kill(await world.serverPid(), 'SIGHUP');
  await until('the new certificate', async () => (await shown(world.port)) === '0C');
  const pushed = await push;
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('slow')).body, 'slow\n');

  await writeFile(join(dir, 'server.pem'), 'no certificate');
  await until('the server to tell', async () => (await hop3(trusting, 'status', '--server-log')).output.includes('the certificate stays the one before: HOP3_TLS_CERT='), 30);
  assert.is(await shown(world.port), '0C');
  // Without a signal: the files are looked at.
  await issue(dir, 'server', 13);
  await until('the third certificate', async () => (await shown(world.port)) === '0D', 30);
});

test('hop3 up refuses plain HTTP where others can reach it, and files that cannot serve, before anything is started', async ({ world, dir }) => {
  const { HOP3_TLS_CERT: _cert, HOP3_TLS_KEY: _key, ...plain } = world.env;
  const up = (env: Record<string, string>) => hop3({ ...plain, HOP3_ROOT: join(world.home, 'another'), ...env }, 'up', '--detach');
  const open = await up({ HOP3_LISTEN: '0.0.0.0:7999' });
  assert.is(open.code, 2, open.output);
  assert.match(open.output, 'HOP3_LISTEN=0.0.0.0:7999 can be reached from other machines, and git and the API would speak plain HTTP there.');
  assert.match(open.output, 'Give a certificate: HOP3_TLS_CERT=/path/to/cert.pem and HOP3_TLS_KEY=/path/to/key.pem');
  assert.match(open.output, 'HOP3_ALLOW_PLAIN_HTTP=1');
  const cert = join(dir, 'server.pem');
  assert.match((await up({ HOP3_TLS_CERT: cert })).output, 'HOP3_TLS_KEY is missing');
  assert.match((await up({ HOP3_TLS_CERT: cert, HOP3_TLS_KEY: join(dir, 'ca.key') })).output, 'is not the one of the certificate in HOP3_TLS_CERT=');
  assert.match((await up({ HOP3_TLS_CERT: cert, HOP3_TLS_KEY: '/nowhere/key.pem' })).output, 'HOP3_TLS_KEY=/nowhere/key.pem cannot be read: ENOENT.');
});

test.run();
