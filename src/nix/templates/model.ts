import type { AppConfig } from '../../config/model.ts';
import type { FixedOutput, Tier } from '../model.ts';
import type { TreePlace } from '../tree.ts';

/** What a template looks at. */
export interface TemplateInput {
  readonly config: AppConfig;
  readonly appName: string;
  readonly tree: TreePlace;
  /** Whether the operator lets a build step that asks for it run outside the sandbox (HOP3_ALLOW_UNSANDBOXED_BUILDS). */
  readonly unsandboxed: boolean;
}

/** What a template makes of an app's configuration. */
export interface RenderedTemplate {
  readonly template: string;
  readonly tier: Tier;
  /** The text of a hop3.nix; where the tree lies from there was asked for. */
  readonly expression: string;
  /** Lines for the push log. */
  readonly notices: readonly string[];
  /** What the expression fetches under a hash of hop3.toml. */
  readonly hashes: readonly FixedOutput[];
  /** Nix systems it can be built for; null for any. */
  readonly systems: readonly string[] | null;
}

/** One template: a pure function from configuration to text. Same input, same bytes. */
export interface Template {
  readonly tier: Tier;
  render(input: TemplateInput): Omit<RenderedTemplate, 'template' | 'tier'>;
}
