import { findApp, searchApp } from './app-name.ts';
import { clientFor, findConnection, type Connection } from './connection.ts';
import type { Client } from './client.ts';
import type { GlobalFlags } from './flags.ts';
import type { Interrupt } from './interrupt.ts';
import { Output } from './output.ts';
import type { AppName } from '../names.ts';

/** Values of a command's own options, by their camelCase name. */
export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** What a command does; gives its exit code when that is not 0. */
export type Handler = (context: CommandContext, args: readonly string[], options: Options) => Promise<number | void>;

/** What every command gets: its flags, where to write, and how to find app and server when it needs them. */
export class CommandContext {
  readonly flags: GlobalFlags;
  readonly out: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly #interrupt: Interrupt;

  constructor(flags: GlobalFlags, interrupt: Interrupt) {
    this.flags = flags;
    this.out = new Output(flags);
    this.env = process.env;
    this.cwd = process.cwd();
    this.#interrupt = interrupt;
  }

  /** Fires on Ctrl-C, which from now on no longer ends the process by itself. */
  get signal(): AbortSignal {
    return this.#interrupt.signal;
  }

  async app(): Promise<AppName> {
    const found = await findApp(this.flags, this.env, this.cwd);
    if (this.out.verbose) this.out.note(`app ${found.app} (from ${found.from})`);
    return found.app;
  }

  async connection(): Promise<Connection> {
    const connection = await findConnection(this.flags, this.env, this.cwd);
    if (this.out.verbose) this.out.note(`server ${connection.server} (from ${connection.serverFrom}), token from ${connection.tokenFrom}`);
    return connection;
  }

  async client(): Promise<Client> {
    return clientFor(await this.connection(), this.signal);
  }

  /** App and client together: what most commands begin with. */
  async appAndClient(): Promise<{ app: AppName; client: Client }> {
    return { app: await this.app(), client: await this.client() };
  }

  /** True when a question can be asked. */
  get canAsk(): boolean {
    return this.flags.input !== false && !this.out.json && process.stdin.isTTY === true && process.stderr.isTTY === true;
  }

  /** `--why`: how app, server and token are found; runs nothing. */
  async explain(needsApp: boolean): Promise<void> {
    const search = needsApp ? await searchApp(this.flags, this.env, this.cwd) : null;
    const connection = await findConnection(this.flags, this.env, this.cwd);
    const value = {
      app: search?.found?.app ?? null, app_from: search?.found?.from ?? null, looked_at: search?.steps ?? [],
      server: connection.server, server_from: connection.serverFrom, token_from: connection.tokenFrom,
    };
    this.out.answer(value, () => [
      ...(search ? [search.found ? `app:    ${search.found.app} (from ${search.found.from})` : 'app:    not found', ...search.steps.map((step) => `          ${step}`)] : []),
      `server: ${connection.server} (from ${connection.serverFrom})`,
      `token:  ${connection.token === null ? 'not found' : `found (from ${connection.tokenFrom})`}`,
    ].join('\n'));
  }
}
