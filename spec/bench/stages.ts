import type { ReleaseInfo } from '../../src/server/api-types.ts';
import type { World } from '../e2e/world.ts';

/** The times of a case's deploys, stage by stage, as Hop3 itself keeps them. */
export class Stages {
  readonly times: Record<string, number[]> = {};
  readonly #world: World;
  readonly #app: string;

  constructor(world: World, app: string) {
    this.#world = world;
    this.#app = app;
  }

  /** Takes those of the app's last deploy. */
  async take(): Promise<void> {
    const answer = await this.#world.api(`/api/v1/apps/${this.#app}/releases?limit=1`, { token: await this.#world.token() });
    const { releases: [last] } = JSON.parse(answer.body) as { releases: ReleaseInfo[] };
    for (const { name, ms } of last!.times) (this.times[name] ??= []).push(ms);
  }
}
