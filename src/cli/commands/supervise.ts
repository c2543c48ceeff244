import type { Handler } from '../command-context.ts';

export const upCommand: Handler = async (_context, _args, options) => {
  const { up } = await import('../up.ts');
  return up({ detach: options['detach'] === true });
};

export const downCommand: Handler = async () => {
  const { down } = await import('../down.ts');
  return down();
};
