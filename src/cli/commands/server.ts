import type { Handler } from '../command-context.ts';

export const rotateKey: Handler = async (context) => {
  const client = await context.client();
  const answer = await client.send<{ values: number; key_file: string }>('POST', '/server/secret-key');
  context.out.answer(answer, () => '');
  context.out.note(`A new key is in ${answer.key_file}; ${answer.values} stored secrets are encrypted with it, and the key before it is gone from there.`);
  context.out.note('Back the file up. A backup from before this needs the key of its own time.');
};
