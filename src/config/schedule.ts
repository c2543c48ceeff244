import { Cron } from 'croner';
import { printable } from '../names.ts';

/** croner knows the others; this one is as common. */
const MIDNIGHT = '@midnight';
/** Every minute named one by one has 169; each schedule is read once a minute. */
const LONGEST = 500;
const NAMES = ['@hourly', '@daily', MIDNIGHT, '@weekly', '@monthly', '@yearly', '@annually'];

/** What is wrong with a schedule, or null. */
export function refuseSchedule(text: string): string | null {
  const schedule = text.trim();
  const shown = `"${printable(text)}"`;
  if (schedule.startsWith('@')) return NAMES.includes(schedule) ? null : `${shown} is no schedule; the names are ${NAMES.join(', ')}`;
  if (schedule.length > LONGEST) return `${shown} has ${schedule.length} characters; a schedule has at most ${LONGEST}`;
  const fields = schedule.split(/\s+/);
  if (fields.length !== 5) return `${shown} has ${fields.length === 1 ? 'one field' : `${fields.length} fields`}; a schedule has five: minute, hour, day of the month, month, day of the week`;
  // To croner it is the moment at which the pattern was read.
  if (schedule.includes('?')) return `${shown} has a "?"; write "*" for every value`;
  try {
    return nextRun(schedule, new Date()) === null ? `${shown} names a day that never comes` : null;
  } catch (error) {
    return `${shown} is no schedule: ${printable((error as Error).message.replace(/^CronPattern: /, '').replace(/\.$/, ''))}`;
  }
}

/**
 * The first moment after `after` that a schedule names, in UTC; null when there is none. When both day fields are restricted one of them
 * is enough, as everywhere.
 */
export function nextRun(schedule: string, after: Date): Date | null {
  return new Cron(schedule.trim() === MIDNIGHT ? '@daily' : schedule.trim(), { timezone: 'Etc/UTC', paused: true }).nextRun(after);
}

/** Whether a schedule names the minute that begins at this moment. */
export function isDue(schedule: string, minute: Date): boolean {
  return nextRun(schedule, new Date(minute.getTime() - 1))?.getTime() === minute.getTime();
}
