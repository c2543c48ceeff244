/** What one stage of a deploy took. */
export interface StageTime {
  readonly name: string;
  readonly ms: number;
}

/** `0.41 s: transfer 0.03, build 0.18`, in the order the stages ran; those that round to nothing are left out. */
export function tookText(times: readonly StageTime[]): string {
  const total = times.reduce((sum, { ms }) => sum + ms, 0);
  const told = times.map(({ name, ms }) => ({ name, seconds: (ms / 1000).toFixed(2) })).filter(({ seconds }) => seconds !== '0.00');
  const parts = told.map(({ name, seconds }) => `${name} ${seconds}`).join(', ');
  return `${(total / 1000).toFixed(2)} s${parts === '' ? '' : `: ${parts}`}`;
}
