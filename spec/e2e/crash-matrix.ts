import { STEPS, type Point } from '../../src/pipeline/points.ts';
import type { Victim } from './crash-world.ts';

/** What is under way when something is killed. */
export type Deploy = 'push' | 'env set' | 'rollback' | 'restart' | 'scale';

/** Which version has to be there when all is up again: the one before the deploy, or the one that it brings. */
export type Outcome = 'before' | 'after';

export interface Cell {
  readonly during: Deploy;
  readonly point: Point;
  readonly victim: Victim;
  readonly outcome: Outcome;
}

/** The points of a push in their order. */
export const PUSH_POINTS: readonly Point[] = [
  ...STEPS.slice(0, STEPS.indexOf('switch') + 1), 'switch begun', 'renamed', 'branch moved', 'record', 'drain', 'old release stopped', 'admin account',
];
/** From here on the new release is what answers. */
const SWITCHED: readonly Point[] = ['renamed', 'branch moved', 'record', 'drain', 'old release stopped', 'admin account'];
/** The client has its answer by then, and git's processes have gone. */
export const ANSWERED: readonly Point[] = ['drain', 'old release stopped', 'admin account'];
/** s6 has the new workers by then; a supervisor that goes later takes nothing with it. */
const STARTED: readonly Point[] = ['health', 'switch', 'switch begun', ...SWITCHED];

const PUSH_VICTIMS: readonly Victim[] = ['server', 'hook', 'git-receive-pack', 'nginx', 's6-svscan', 'worker', 'addon server', 'everything'];
/** Points of what is no push: no git, no nix, the rest is the same code. */
const OTHER_POINTS: readonly Point[] = ['provision', 'stage', 'start', 'health', 'switch begun', 'renamed', 'record', 'drain'];
const OTHER_VICTIMS: readonly Victim[] = ['server', 's6-svscan', 'everything'];

/** Every cell: each point of a push with each victim that is there, and the other deploys where they differ. */
export function wholeMatrix(): Cell[] {
  const push = PUSH_POINTS.flatMap((point) => PUSH_VICTIMS.filter((victim) => isThere(victim, point)).map((victim) => cell('push', point, victim)));
  const others = (['env set', 'rollback', 'restart', 'scale'] as const).flatMap((during) => OTHER_POINTS.flatMap((point) => OTHER_VICTIMS.map((victim) => cell(during, point, victim))));
  return [...push, ...others];
}

export function cell(during: Deploy, point: Point, victim: Victim): Cell {
  return { during, point, victim, outcome: outcomeOf(point, victim) };
}

function isThere(victim: Victim, point: Point): boolean {
  return !((victim === 'hook' || victim === 'git-receive-pack') && ANSWERED.includes(point));
}

function outcomeOf(point: Point, victim: Victim): Outcome {
  if (SWITCHED.includes(point)) return 'after';
  switch (victim) {
    // Whoever waited for the deploy is gone, and nothing is switched for nobody.
    case 'server': case 'everything': return 'before';
    // Past the last look at whether somebody waits.
    case 'hook': case 'git-receive-pack': return point === 'switch begun' ? 'after' : 'before';
    case 's6-svscan': return STARTED.includes(point) ? 'after' : 'before';
    // What s6 starts again stops no deploy.
    case 'nginx': case 'worker': case 'addon server': return 'after';
  }
}

/** Whose death the app's users may see: they ask these very processes. */
export function isServing(victim: Victim): boolean {
  return victim === 'nginx' || victim === 'worker' || victim === 'everything';
}

export function title({ during, point, victim, outcome }: Cell): string {
  return `${during}, at "${point}", ${victim} is killed: the version ${outcome} it is there`;
}
