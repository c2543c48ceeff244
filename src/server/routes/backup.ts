import { PassThrough } from 'node:stream';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { SHORTEST_PASSPHRASE } from '../../backup-key.ts';
import { Hop3Error } from '../../errors.ts';
import { writeBackup } from '../../pipeline/backup.ts';
import { finishRestore, restorePending } from '../../pipeline/restore.ts';
import { streamDeploy } from '../api-stream.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';

const NewBackup = Type.Object({ passphrase: Type.Union([Type.String({ minLength: SHORTEST_PASSPHRASE, maxLength: 4096 }), Type.Null()]) }, { additionalProperties: false });
const Nothing = Type.Object({}, { additionalProperties: false });

/** The whole server as one stream, and what is left to do after such a one was unpacked. For administrators alone: it holds everything. */
export function backupRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  let busy: string | null = null;
  const begin = (what: string): (() => void) => {
    if (busy !== null) throw new Hop3Error('HOP3_BACKUP_BUSY', { what: `A ${busy} is under way already.` });
    busy = what;
    return () => { busy = null; };
  };
  return (api, _options, done) => {
    api.post('/backup', { config: { access: 'admin' }, schema: { body: NewBackup } }, (request, reply) => {
      if (restorePending(context.paths)) throw new Hop3Error('HOP3_BACKUP_BUSY', { what: 'A restore has not been finished yet.', next: 'hop3 backup finish' });
      const free = begin('backup');
      const out = new PassThrough();
      const { abort, end } = streams.begin();
      reply.raw.once('close', () => { if (!reply.raw.writableFinished) abort.abort(); });
      writeBackup(context, request.body.passphrase, out, abort.signal)
        .catch((error: unknown) => { if (!abort.signal.aborted) context.reportDefect('backup', error); })
        .finally(() => {
          out.end();
          free();
          end();
        });
      return reply.type('application/octet-stream').header('x-accel-buffering', 'no').send(out);
    });

    api.post('/backup/finish', { config: { access: 'admin' }, schema: { body: Nothing } }, (request, reply) => {
      const free = begin('restore');
      const waited = restorePending(context.paths);
      return streamDeploy(context, streams, reply, async (log, signal) => {
        try {
          await finishRestore(context, request.principal.name, log, signal);
        } finally {
          free();
          if (waited && !restorePending(context.paths)) context.cron.start();
        }
        return null;
      });
    });
    done();
  };
}
