import { mkdir } from 'node:fs/promises';
import { buildExpression, decideGivePkgs } from '../nix/build.ts';
import type { BuildResult } from '../nix/model.ts';
import { buildPlace } from './build-place.ts';
import { unlessCancelled } from './cancel.ts';
import { withFreeSpace } from './free-space.ts';
import type { Job } from './job.ts';
import type { Source } from './model.ts';
import type { Rendered } from './render.ts';
import { buildKey } from './known.ts';

export interface BuildOutput extends BuildResult {
  readonly buildKey: string;
}

/**
 * Builds the expression with nix; its lines stream into the log.
 * @throws Hop3Error HOP3_EVAL_..., HOP3_BUILD_...
 */
export async function build(job: Job, source: Source, rendered: Rendered): Promise<BuildOutput> {
  const { log, signal, settings, paths, app, attempt } = job;
  const packageSet = await unlessCancelled(signal, job.packageSet(log));
  const leave = await buildPlace(job);
  try {
    log.phase('Building with Nix');
    log.line(`package set: ${packageSet.title}`);
    const given = decideGivePkgs(rendered.expression, packageSet);
    if (given.notice) log.line(given.notice);
    await mkdir(paths.roots(app), { recursive: true, mode: 0o700 });
    const request = {
      expression: rendered.expressionFile, sourceDir: source.dir, packageSet, givePkgs: given.givePkgs,
      rootLink: paths.buildRoot(app, attempt), ...(rendered.hashes && { hashes: rendered.hashes }),
    };
    const result = await withFreeSpace(settings.minFree, signal, (whileFree) => buildExpression(request, { settings, log, signal: whileFree }));
    return { ...result, buildKey: buildKey(packageSet) };
  } finally {
    leave();
  }
}
