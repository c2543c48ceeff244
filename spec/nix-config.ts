import type { AppConfig, Metadata } from '../src/config/model.ts';

/** A configuration with this `[nix]` table and nothing else. */
export function configWith(template: string, keys: Record<string, unknown>, metadata: Partial<Metadata> = {}): AppConfig {
  return {
    file: 'hop3.toml',
    metadata: { id: null, version: null, title: null, description: null, ...metadata },
    builder: 'nix',
    run: { start: null, beforeRun: null, startTimeout: 60 },
    processes: {}, env: {}, generated: {}, computed: {}, envPolicy: 'keep-existing', admin: null, healthcheck: null,
    domains: [], domainsPolicy: 'keep-existing', addons: [], ports: [], cron: [], notices: [],
    limits: { memory: null, cpu: null, processes: null }, nix: { template, keys },
  };
}

/** The smallest `[nix]` table of a wrapper. */
export const WRAPPER = { 'nixpkgs-package': 'demo', 'exec-target': 'demo' };
