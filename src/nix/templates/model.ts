import type { AppConfig } from '../../config/model.ts';
import type { Tier } from '../model.ts';

/** What a template makes of an app's configuration. */
export interface RenderedTemplate {
  readonly template: string;
  readonly tier: Tier;
  /** The text of a hop3.nix that stands beside the directory `source`. */
  readonly expression: string;
  /** Lines for the push log. */
  readonly notices: readonly string[];
}

/** One template: a pure function from configuration to text. Same input, same bytes. */
export interface Template {
  readonly tier: Tier;
  render(config: AppConfig, appName: string): Omit<RenderedTemplate, 'template' | 'tier'>;
}
