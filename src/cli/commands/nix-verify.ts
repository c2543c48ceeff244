import type { Handler } from '../command-context.ts';
import { followDeploy } from '../deploy-stream.ts';
import { parseVersion } from '../numbers.ts';

export const verifyRelease: Handler = async (context, [version]) => {
  const number = parseVersion(version!);
  const { app, client } = await context.appAndClient();
  const release = await followDeploy(context, client, 'POST', `/apps/${app}/releases/${number}/verify`, {}, 'Nothing was changed; the server ends what it was building again.');
  context.out.answer({ release, identical: true }, () => `v${number} of ${app} is bit-identical.`);
};
