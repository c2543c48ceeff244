import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALL_DIR } from '../../paths.ts';
import type { Fields } from '../fields.ts';
import { nixConcat, type Piece } from '../live-text.ts';
import { NixCode, shellQuote } from '../quote.ts';
import type { Placeholders } from '../shell-text.ts';
import { execArgs } from '../start-script.ts';
import { webRoot } from './tree.ts';

/** What answers the requests. */
export interface PhpServing {
  readonly prelude: readonly Piece[];
  readonly command: string;
  readonly placeholders: Placeholders;
  readonly view: object;
  readonly unused: readonly string[];
}

const ADDRESS = '"${BIND_ADDRESS:-127.0.0.1}:${PORT:-8080}"';

/**
 * Reads `serve-mode`: PHP's own server on the web root, Laravel's `artisan serve` (PHP's own server too), or exec-target.
 * @param app the directory of the app's files, as shell text for inside double quotes
 * @param writable whether that directory is the data directory
 */
export function phpServing(fields: Fields, app: readonly Piece[], writable: boolean): PhpServing {
  const mode = fields.text('serve-mode', '"builtin"') ?? 'builtin';
  const data = writable ? ['hop3_data="$PWD"\n'] : [];
  // Waits for requests that PHP is answering when a release ends.
  const serve = (command: string) => `HOP3SHELL HOP3SERVE ${command}`;
  const placeholders = { HOP3SHELL: [new NixCode('pkgs.runtimeShell or "/bin/sh"')], HOP3SERVE: [new NixCode('hop3_serve')] };
  const root = webRoot(fields);
  const quoted = ['"', ...app, '"'];
  switch (mode) {
    case 'custom':
      return {
        prelude: data.map((line) => line.trimEnd()), command: `${fields.required('exec-target', '"PHPBIN/php server.php"')}${execArgs(fields)}`,
        placeholders: {}, view: { serve: [], router: [] }, unused: ['web-root'],
      };
    case 'artisan':
      return {
        prelude: [...data, WORKERS],
        // Without --no-reload it keeps its environment, PHP's list of extensions among it, from the server that it starts.
        command: serve(`PHPBIN/php HOP3APP/artisan serve --host="\${BIND_ADDRESS:-127.0.0.1}" --port="\${PORT:-8080}" --no-reload${execArgs(fields)}`),
        placeholders: { ...placeholders, HOP3APP: quoted }, view: { serve: [{ lines: fileLines('serve.sh') }], router: [] },
        unused: ['exec-target', 'web-root'],
      };
    default:
      return {
        prelude: [...data, SESSIONS, WORKERS],
        // -q: three lines for each request would bury the app's own. PHP's errors would go with them.
        command: serve(`PHPBIN/php -q -d error_log=/dev/stderr -d session.save_path="$hop3_sessions" -d session.gc_probability=1${execArgs(fields)} -S ${ADDRESS} -t HOP3ROOT HOP3ROUTER`),
        placeholders: { ...placeholders, HOP3ROOT: root === null ? quoted : [...quoted, `/${shellQuote(root)}`], HOP3ROUTER: [new NixCode('hop3_router')] },
        view: { serve: [{ lines: fileLines('serve.sh') }], router: [{ lines: fileLines('router.php') }] },
        unused: ['exec-target'],
      };
  }
}

/** One process would answer one request at a time, and wait for ever where an app asks itself (wp-cron.php). */
const WORKERS = 'export PHP_CLI_SERVER_WORKERS="${PHP_CLI_SERVER_WORKERS:-4}"';

/** Kept in the data directory, sessions outlive a release. */
const SESSIONS = 'hop3_sessions="$PWD/.hop3-sessions"\nmkdir -p -m 700 "$hop3_sessions"\n';

const texts = new Map<string, NixCode[]>();

/** A file of nix-templates/php as lines for a Nix list. */
function fileLines(name: string): NixCode[] {
  let lines = texts.get(name);
  if (lines === undefined) {
    lines = readFileSync(join(INSTALL_DIR, 'nix-templates', 'php', name), 'utf8').trimEnd().split('\n').map((line) => nixConcat([line]));
    texts.set(name, lines);
  }
  return lines;
}
