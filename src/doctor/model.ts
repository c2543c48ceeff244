import type { Paths } from '../paths.ts';
import type { Settings } from '../settings.ts';

/** What one look found, and what to do where it is not well. */
export interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** Null when all is well. */
  readonly remedy: string | null;
}

export interface Surroundings {
  readonly settings: Settings;
  readonly paths: Paths;
}

/** A look at one subject. What it throws is a finding too. */
export interface Look {
  readonly name: string;
  readonly look: (surroundings: Surroundings) => Promise<Finding[]> | Finding[];
}

export const ok = (name: string, text: string): Finding => ({ name, status: 'ok', text, remedy: null });
export const warn = (name: string, text: string, remedy: string): Finding => ({ name, status: 'warn', text, remedy });
export const fail = (name: string, text: string, remedy: string): Finding => ({ name, status: 'fail', text, remedy });
