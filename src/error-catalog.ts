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
  HOP3_SETTING: { status: 500, exit: 2, meaning: 'A HOP3_... setting of the server has a value that cannot be used.', remedy: 'Correct the setting named in the message and start again.' },
  HOP3_TOOL_MISSING: { status: 500, exit: 7, meaning: 'A program that Hop3 needs is not installed on the server.', remedy: 'Install the Debian package named in the message.' },
  HOP3_COMMAND_FAILED: { status: 500, exit: 7, meaning: 'A program that Hop3 ran for itself (git, nginx, s6 ...) failed.', remedy: 'The message holds its last words; the server log has all of them.' },
  HOP3_TIMEOUT: { status: 504, exit: 7, meaning: 'Something outside did not finish within its limit.', remedy: 'The message says what was waited for and how long.' },
  HOP3_CANCELLED: { status: 409, exit: 8, meaning: 'The deploy was cancelled before the switch.', remedy: 'Push again.' },
  HOP3_ROOT_USER: { status: 500, exit: 2, meaning: 'Hop3 was started as root.', remedy: 'Start it as an ordinary user, for example with `runuser -u hop3 -- hop3 up`.' },
  HOP3_USAGE: { status: 400, exit: 2, meaning: 'The command or request was not understood.', remedy: 'See `hop3 help` and the words of the message.' },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof catalog;
