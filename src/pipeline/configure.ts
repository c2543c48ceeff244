import { readConfig } from '../config/read.ts';
import type { AppConfig } from '../config/model.ts';
import { claimPorts } from './fixed-ports.ts';
import type { Job } from './job.ts';
import { checkLimits } from './limits.ts';
import type { Source } from './model.ts';

/**
 * Reads hop3.toml and Procfile of the tree.
 * @throws Hop3Error HOP3_CONFIG with every problem of the file; HOP3_LIMIT, HOP3_FIXED_PORT for what this server does not give
 */
export async function configure(job: Job, source: Source): Promise<AppConfig> {
  const config = await readConfig(source.dir);
  if (config.file) job.log.phase(`Reading ${config.file}`);
  for (const notice of config.notices) job.log.line(notice);
  checkLimits(job.settings, config);
  // Before the build: nobody should wait minutes for "taken".
  await claimPorts(job, config);
  return config;
}
