// `hop3 up` and `hop3 down` with a stand-in for the server: node --import tsx up-command.ts up|up-detach|down [mode of the stand-in]
import { fileURLToPath } from 'node:url';
import { down } from '../../src/cli/down.ts';
import { up } from '../../src/cli/up.ts';
import { Hop3Error } from '../../src/errors.ts';

const [what, mode = 'good'] = process.argv.slice(2);
const serverCommand = [process.execPath, fileURLToPath(new URL('up-server.mjs', import.meta.url)), mode];
try {
  process.exitCode = what === 'down' ? await down() : await up({ detach: what === 'up-detach', serverCommand, readyLimit: mode === 'good' ? 30 : 3 });
} catch (error) {
  if (!(error instanceof Hop3Error)) throw error;
  process.stderr.write(`${[error.what, error.why, error.next, `[${error.code}]`].filter((line) => line !== undefined).join('\n')}\n`);
  process.exitCode = error.exitCode;
}
