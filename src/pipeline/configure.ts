import { readConfig } from '../config/read.ts';
import type { AppConfig } from '../config/model.ts';
import type { Job } from './job.ts';
import type { Source } from './model.ts';

/**
 * Reads hop3.toml and Procfile of the tree.
 * @throws Hop3Error HOP3_CONFIG with every problem of the file
 */
export async function configure(job: Job, source: Source): Promise<AppConfig> {
  const config = await readConfig(source.dir);
  if (config.file) job.log.phase(`Reading ${config.file}`);
  for (const notice of config.notices) job.log.line(notice);
  return config;
}
