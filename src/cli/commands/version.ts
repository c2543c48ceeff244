import { VERSION } from '../../version.ts';
import type { Handler } from '../command-context.ts';

export const versionCommand: Handler = async ({ out }) => {
  out.answer({ version: VERSION }, () => `hop3 ${VERSION}`);
};
