/** The stages of a deploy, by the names that the push log's times and the specs' barrier use. */
export const STEPS = [
  'receive', 'look up', 'checkout', 'configure', 'render', 'build', 'read runtime', 'keep',
  'provision', 'stage', 'release phase', 'start', 'health', 'switch', 'record', 'drain', 'admin account',
] as const;
/** What is timed: the stages, and what comes before them. */
export type StepName = 'transfer' | 'check' | 'turn' | (typeof STEPS)[number];

/** Places between two effects that a crash could part, inside the stages and in the work on an app that is no deploy. */
export const INNER_POINTS = [
  // switch
  'switch begun', 'renamed', 'branch moved',
  // after the answer
  'old release stopped',
  // addons
  'addon made', 'addon attached',
  // an app is made
  'app row made', 'app files made', 'app repository made',
  // an app is destroyed
  'destruction begun', 'workers ended', 'addons destroyed', 'files removed',
  // another branch is deployed
  'branch copied', 'branch written', 'old branch removed',
  // the next start
  'repair', 'switch repaired', 'app repaired',
] as const;

/** Every place where a spec can hold what the server does. */
export type Point = StepName | (typeof INNER_POINTS)[number];

/** Called with the name of every point that is passed; the work goes on when it resolves. Only specs stop here. */
export type Barrier = (point: Point) => Promise<void>;
