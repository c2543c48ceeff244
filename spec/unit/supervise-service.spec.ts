import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readlinkSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hop3Error } from '../../src/errors.ts';
import { Paths } from '../../src/paths.ts';
import { superviseService } from '../../src/runtime/supervise-service.ts';

const test = suite('a service that s6-svscan is to start');
let paths: Paths;
test.before.each(() => { paths = new Paths(mkdtempSync(join(tmpdir(), 'hop3-supervise-'))); });
test.after.each(() => rmSync(paths.root, { recursive: true, force: true }));

const refusal = () => superviseService(paths, '/service', 'shop.a.web.1', 20).then(() => null, (error: unknown) => error as Hop3Error);

test('without s6-svscan nothing is linked', async () => {
  const error = await refusal();
  assert.is(error?.code, 'HOP3_NO_SUPERVISOR');
  assert.is(error!.what, `No s6-svscan runs on ${paths.services}, so shop.a.web.1 cannot be started.`);
  assert.throws(() => readlinkSync(join(paths.services, 'shop.a.web.1')));
});

test('an s6-svscan that looks and starts nothing is waited for so long, and named with its log', async () => {
  // Whoever reads the pipe is taken for s6-svscan; here it is the spec, which starts nothing.
  const control = join(paths.services, '.s6-svscan', 'control');
  mkdirSync(join(paths.services, '.s6-svscan'), { recursive: true });
  execFileSync('mkfifo', [control]);
  const reader = openSync(control, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const error = await refusal();
    assert.is(error?.code, 'HOP3_TIMEOUT');
    assert.is(error!.what, 's6-svscan did not start shop.a.web.1 within 0.02 s.');
    assert.match(error!.next!, join(paths.serverLogs, 'supervisor.log'));
    assert.is(readlinkSync(join(paths.services, 'shop.a.web.1')), '/service');
    const told = Buffer.alloc(8);
    assert.is(told.toString('latin1', 0, readSync(reader, told)), 'a');
  } finally {
    closeSync(reader);
  }
});

test.run();
