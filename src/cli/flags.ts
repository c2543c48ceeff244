/** Flags that every command understands, before or after it. */
export interface GlobalFlags {
  readonly app?: string;
  readonly server?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly confirm?: string;
  /** False with --no-input. */
  readonly input?: boolean;
  readonly why?: boolean;
}
