/**
 * Every error code that a user can meet. docs/errors.md is generated from this table and a spec checks that it is
 * current. A code is never reused for another meaning.
 *
 * `status` is the HTTP status of the API, `exit` the exit code of the `hop3` command: 1 generic, 2 usage,
 * 3 not found, 4 not authenticated, 5 forbidden, 6 conflict or locked, 7 network or server, 8 deployment failed,
 * 10 declined.
 */
export interface CodeEntry {
  readonly status: number;
  readonly exit: number;
  readonly meaning: string;
  readonly remedy: string;
}

export const catalog = {
  HOP3_INTERNAL: { status: 500, exit: 7, meaning: 'A defect in Hop3 itself.', remedy: 'Look at the server log (`hop3 status --server-log`) and report it.' },
  HOP3_APP_NAME: { status: 400, exit: 2, meaning: 'The name cannot be an app name.', remedy: 'Use 1 to 39 lower-case letters, digits and hyphens, beginning with a letter; a few words such as `api` are reserved.' },
  HOP3_NO_APP: { status: 404, exit: 3, meaning: 'There is no such app, or the token may not see it.', remedy: 'List what there is with `hop3 apps`.' },
  HOP3_APP_EXISTS: { status: 409, exit: 6, meaning: 'An app of that name exists.', remedy: 'Choose another name, or push to the one that exists.' },
  HOP3_CONFIG: { status: 400, exit: 8, meaning: 'The app\'s hop3.toml or Procfile cannot be used as it is.', remedy: 'The message has file, line, column and reason of every problem; docs/hop3-toml.md lists all keys.' },
  HOP3_SETTING: { status: 500, exit: 2, meaning: 'A HOP3_... setting of the server has a value that cannot be used.', remedy: 'Correct the setting named in the message and start again.' },
  HOP3_TOOL_MISSING: { status: 500, exit: 7, meaning: 'A program that Hop3 needs is not installed on the server.', remedy: 'Install the Debian package named in the message.' },
  HOP3_COMMAND_FAILED: { status: 500, exit: 7, meaning: 'A program that Hop3 ran for itself (git, nginx, s6 ...) failed.', remedy: 'The message holds its last words; the server log has all of them.' },
  HOP3_TIMEOUT: { status: 504, exit: 7, meaning: 'Something outside did not finish within its limit.', remedy: 'The message says what was waited for and how long.' },
  HOP3_CANCELLED: { status: 409, exit: 8, meaning: 'The deploy was cancelled before the switch.', remedy: 'Push again.' },
  HOP3_DATABASE: { status: 500, exit: 7, meaning: 'The database in HOP3_ROOT cannot be used.', remedy: 'See the message: ownership, disk, or a database of a newer Hop3.' },
  HOP3_NO_ROUTE: { status: 404, exit: 3, meaning: 'The server has no such address or method.', remedy: 'Look at docs/api.md; a `hop3` command newer than the server also gives this.' },
  HOP3_NO_RELEASE: { status: 404, exit: 3, meaning: 'The app has no such release.', remedy: 'List them with `hop3 releases`.' },
  HOP3_NO_BUILD: { status: 404, exit: 3, meaning: 'The app has no such build, or its log is gone.', remedy: 'List them with `hop3 builds`.' },
  HOP3_NO_LOG: { status: 404, exit: 3, meaning: 'There is no log of that kind on the server.', remedy: 'See the message: it says where the lines went instead.' },
  HOP3_NO_VARIABLE: { status: 404, exit: 3, meaning: 'The operator has set no such variable.', remedy: 'List them with `hop3 env`.' },
  HOP3_NO_TOKEN: { status: 404, exit: 3, meaning: 'There is no such token, or it was revoked before.', remedy: 'List them with `hop3 token list`.' },
  HOP3_NOT_CONFIRMED: { status: 400, exit: 10, meaning: 'Something that cannot be undone was not confirmed.', remedy: 'Repeat the app\'s name: `--confirm=<app>`.' },
  HOP3_NO_APP_GIVEN: { status: 400, exit: 3, meaning: 'The command did not know which app was meant.', remedy: 'Say `--app <name>`, or work in a directory that names one (docs/cli.md lists the ways).' },
  HOP3_NO_CREDENTIALS: { status: 401, exit: 4, meaning: 'The command found no token to show to the server.', remedy: 'Set HOP3_API_TOKEN or run `hop3 login`.' },
  HOP3_UNREACHABLE: { status: 502, exit: 7, meaning: 'The command could not reach the server, or the connection was cut.', remedy: 'Check the address; on the server itself `hop3 up` starts it.' },
  HOP3_INTERRUPTED: { status: 499, exit: 130, meaning: 'The command was ended with Ctrl-C.', remedy: 'A deploy that was under way is cancelled unless it had switched already; `hop3 releases` tells.' },
  HOP3_ADDONS: { status: 422, exit: 8, meaning: 'hop3.toml asks for an addon that this version cannot provide.', remedy: 'Take the table out and pass the address of your own database with `hop3 env set`.' },
  HOP3_BEFORE_RUN: { status: 422, exit: 8, meaning: 'The command of `[run].before-run` failed; nothing of the release was started.', remedy: 'Read its output in the log, correct it, push again.' },
  HOP3_BOTH_MODES: { status: 422, exit: 8, meaning: 'The tree has a hop3.nix and a [nix] template.', remedy: 'Delete hop3.nix or remove the [nix] table.' },
  HOP3_ENV_REFERENCE: { status: 422, exit: 8, meaning: 'A value in [env] uses a variable that nothing defines.', remedy: 'Set it with `hop3 env set`, or correct the name.' },
  HOP3_EXPRESSION_FILE: { status: 422, exit: 8, meaning: 'hop3.nix is not a regular file of a sensible size.', remedy: 'Commit it as a plain text file.' },
  HOP3_NO_PLAN: { status: 422, exit: 8, meaning: 'Neither hop3.nix nor a [nix] template: nothing says how to build the tree.', remedy: 'Add one of the two; docs/guide.md shows both.' },
  HOP3_NO_PORT: { status: 503, exit: 7, meaning: 'All worker ports are taken.', remedy: 'Widen HOP3_WORKER_PORTS.' },
  HOP3_NO_RELEASE: { status: 404, exit: 3, meaning: 'The app has no such release, or none to go back to.', remedy: '`hop3 releases` lists them.' },
  HOP3_RELEASE_PRUNED: { status: 409, exit: 6, meaning: 'The build of that release is no longer kept.', remedy: 'Push its commit again.' },
  HOP3_TREE: { status: 422, exit: 8, meaning: 'The tree holds something that cannot be deployed: a submodule, a symlink out of it, an LFS pointer, a name that is not UTF-8.', remedy: 'The message names each path and what to do.' },
  HOP3_ROOT_USER: { status: 500, exit: 2, meaning: 'Hop3 was started as root.', remedy: 'Start it as an ordinary user, for example with `runuser -u hop3 -- hop3 up`.' },
  HOP3_USAGE: { status: 400, exit: 2, meaning: 'The command or request was not understood.', remedy: 'See `hop3 help` and the words of the message.' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof catalog;
