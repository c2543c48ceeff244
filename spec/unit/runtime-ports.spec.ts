import { createServer, type AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listeners } from '../../src/runtime/processes.ts';
import { isPortFree } from '../../src/runtime/ports.ts';

const ports = suite('ports');

for (const host of ['127.0.0.1', '0.0.0.0', '127.0.0.2', '::1']) {
  ports(`a port that somebody listens on at ${host} is taken, and free afterwards`, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    try {
      assert.is(await isPortFree(port), false);
      const shown = host.includes(':') ? `[${host}]` : host;
      assert.ok(listeners([process.pid]).some((listener) => listener.port === port && listener.address === shown), 'the kernel says who listens');
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    assert.is(await isPortFree(port), true);
    assert.not.ok(listeners([process.pid]).some((listener) => listener.port === port));
  });
}

ports.run();
