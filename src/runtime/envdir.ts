import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';

// Linux gives one string of the environment 32 pages, NAME= and the closing NUL included (MAX_ARG_STRLEN).
const LONGEST_STRING = 131_072;
// execve takes a quarter of the 8 MiB stack for arguments and environment together; half of that is left to the app itself.
const LARGEST_ENVIRONMENT = 1024 * 1024;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/**
 * Checks that every variable can reach a process unchanged.
 * @throws Hop3Error HOP3_ENV_VALUE that names the variable and never shows its value
 */
export function checkEnvironment(env: Readonly<Record<string, string>>): void {
  let total = 0;
  for (const [name, value] of Object.entries(env)) {
    if (!NAME.test(name)) {
      throw refused(`"${printable(name)}" cannot be a variable's name.`, 'A name has letters, digits and _, at most 255 characters, and does not begin with a digit.');
    }
    if (value.includes('\0')) throw refused(`The value of ${name} holds a NUL character.`, 'No process can be given that; encode it (base64, for example).');
    const bytes = Buffer.byteLength(`${name}=${value}`) + 1;
    if (bytes > LONGEST_STRING) {
      throw refused(`The value of ${name} has ${Buffer.byteLength(value)} bytes; Linux gives a process at most ${LONGEST_STRING - name.length - 2} in one variable.`, 'Keep it in a file of the app, or split it.');
    }
    total += bytes;
  }
  if (total > LARGEST_ENVIRONMENT) {
    throw refused(`The environment has ${total} bytes in all; at most ${LARGEST_ENVIRONMENT} are passed on.`, 'Keep large values in files of the app.');
  }
}

/**
 * Writes an environment for `s6-envdir -fL`: one file a variable, 0600 in a new directory of 0700.
 * @throws Hop3Error HOP3_ENV_VALUE
 */
export function writeEnvDir(dir: string, env: Readonly<Record<string, string>>): void {
  checkEnvironment(env);
  mkdirSync(dir, { mode: 0o700 });
  for (const [name, value] of Object.entries(env)) {
    // s6-envdir takes exactly one line end off, and unsets the variable when the file is empty.
    writeFileSync(join(dir, name), `${value}\n`, { mode: 0o600, flag: 'wx' });
  }
}

/** What writeEnvDir wrote. */
export function readEnvDir(dir: string): Record<string, string> {
  return Object.fromEntries(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8').replace(/\n$/, '')]));
}

function refused(what: string, next: string): Hop3Error {
  return new Hop3Error('HOP3_ENV_VALUE', { what, next });
}
