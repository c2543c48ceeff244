import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { Hop3Error } from '../errors.ts';
import { DailyCollection } from '../pipeline/daily-collection.ts';
import { restorePending } from '../pipeline/restore.ts';
import { formatAddress, readSettings, refusePlainHttp, type Address } from '../settings.ts';
import { buildServer } from './build-server.ts';
import { createContext } from './create-context.ts';
import { renewCertificate } from './tls-renewal.ts';

/** Milliseconds a stopping server waits for open requests before it cuts them; s6 waits longer before it kills. */
const STOP_LIMIT = 15_000;

/** The server as s6 runs it: settings from the environment, log on stdout, SIGTERM ends it in good order. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  refusePlainHttp(settings);
  const context = await createContext(settings);
  const server = buildServer(context, {
    level: process.env['HOP3_LOG_LEVEL'] ?? 'info',
    base: null,
    // s6-log stamps every line.
    timestamp: false,
    redact: ['authorization', '*.authorization', '*.*.authorization'],
  });
  const daily = new DailyCollection(context.deployer, context.reportDefect);
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    server.log.info(`${signal}: no new requests, open ones get ${STOP_LIMIT / 1000} s`);
    setTimeout(() => {
      server.log.warn('some requests did not end in time and are cut');
      process.exit(0);
    }, STOP_LIMIT).unref();
    await Promise.all([server.close(), context.cron.stop()]);
    context.health.stop();
    context.ports.stop();
    context.disk.stop();
    daily.stop();
    await context.close();
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  await listen(server, settings.listen);
  if (settings.tls) renewCertificate(server.server as unknown as Server, settings.tls, (text) => server.log.info(text));
  // A cron line must not run before the databases that it works on are loaded.
  if (!restorePending(context.paths)) context.cron.start();
  context.health.start();
  context.ports.start();
  context.disk.start();
  daily.start();
}

async function listen(server: FastifyInstance, address: Address): Promise<void> {
  try {
    await server.listen({ host: address.host, port: address.port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Hop3Error('HOP3_SETTING', {
      what: `HOP3_LISTEN=${formatAddress(address)} cannot be used: another program listens there.`,
      next: `See which one with: ss -ltnp 'sport = :${address.port}'`,
    });
  }
}

function die(where: string, error: unknown): never {
  const text = error instanceof Hop3Error
    ? [error.what, error.why, error.next, `[${error.code}]`].filter((line) => line !== undefined).join('\n  ')
    : error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`hop3: ${where}: ${text}\n`);
  process.exit(1);
}

// State after an error that nothing caught is unknown; s6 starts a fresh server, and the apps do not notice.
process.on('uncaughtException', (error) => die('stopped by an error that nothing caught', error));
process.on('unhandledRejection', (error) => die('stopped by a rejection that nothing caught', error));

main().catch((error: unknown) => die('the server could not start', error));
