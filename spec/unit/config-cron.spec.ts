import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isDue, nextRun, refuseSchedule } from '../../src/config/schedule.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { Hop3Error } from '../../src/errors.ts';

const test = suite('[[cron]]');

const parse = (text: string) => parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null });
const next = (schedule: string, after: string) => nextRun(schedule, new Date(after))?.toISOString() ?? null;

test('a line has a schedule and a command; name and time limit have defaults', () => {
  assert.equal(parse('').cron, []);
  assert.equal(parse(`[[cron]]
schedule = "0 3 * * *"
command = "./tidy --all"
name = "nightly"
timeout = 60

[[cron]]
schedule = " @hourly "
command = ["cd data", "./count"]
`).cron, [
    { name: 'nightly', schedule: '0 3 * * *', command: './tidy --all', timeout: 60 },
    { name: 'job-2', schedule: '@hourly', command: 'cd data && ./count', timeout: 3600 },
  ]);
});

test('everything that is wrong is told at once, each with its place', () => {
  try {
    parse(`[[cron]]
schedule = "0 3 * *"
command = ""
[[cron]]
schedul = "@daily"
command = "x"
[[cron]]
schedule = "61 * * * *"
command = "x"
name = "Nightly"
[[cron]]
schedule = "@reboot"
command = []
name = "a"
timeout = 0
[[cron]]
schedule = "@daily"
command = "x"
name = "a"
[[cron]]
schedule = 5
command = "x"
name = "job-3"
`);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, Hop3Error);
    const { what, why } = error as Hop3Error;
    assert.equal([what.replace(/ \(and \d+ more\)$/, '.'), ...why!.split('\n')], [
      'hop3.toml:2:12: [[cron]] schedule: "0 3 * *" has 4 fields; a schedule has five: minute, hour, day of the month, month, day of the week.',
      'hop3.toml:3:11: [[cron]] command must be a command in quotes, or a list of commands; got empty text.',
      'hop3.toml:4:1: [[cron]] needs the key "schedule": five fields in quotes such as "0 3 * * *", or a name such as "@daily".',
      'hop3.toml:5:1: unknown key "schedul" in [[cron]]. Did you mean "schedule"?',
      'hop3.toml:8:12: [[cron]] schedule: "61 * * * *" is no schedule: Invalid value for minute: 61.',
      'hop3.toml:10:8: [[cron]] name must be a name of lower-case letters, digits, "_" and "-" that begins with a letter (40 at most); got the text "Nightly".',
      'hop3.toml:12:12: [[cron]] schedule: "@reboot" is no schedule; the names are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.',
      'hop3.toml:13:1: [[cron]] command is an empty list.',
      'hop3.toml:15:11: [[cron]] timeout must be a whole number of seconds from 1 to 86400, without quotes; got the number 0.',
      'hop3.toml:16:1: [[cron]] has the name "a" twice (first on line 11); give one of them another name.',
      'hop3.toml:21:12: [[cron]] schedule must be five fields in quotes such as "0 3 * * *", or a name such as "@daily"; got the number 5.',
    ]);
  }
});

test('a name of its own that another line has by its place is told too', () => {
  assert.throws(() => parse('[[cron]]\nschedule = "@daily"\ncommand = "x"\nname = "job-2"\n[[cron]]\nschedule = "@daily"\ncommand = "y"\n'), (error: Hop3Error) =>
    error.what === 'hop3.toml:5:1: [[cron]] has the name "job-2" twice (first on line 1); give one of them another name.');
});

test('schedules of every form; six fields, seconds and days that never come are refused', () => {
  for (const schedule of ['* * * * *', '*/5 0-6,12 1 jan-mar mon-fri', '@hourly', '@midnight', '0  3\t* * 7', '0 0 L * *', '0 0 29 2 *']) assert.is(refuseSchedule(schedule), null, schedule);
  const refused = (schedule: string, why: string) => assert.is(refuseSchedule(schedule), `"${schedule}" ${why}`);
  refused('* * * * * *', 'has 6 fields; a schedule has five: minute, hour, day of the month, month, day of the week');
  refused('', 'has one field; a schedule has five: minute, hour, day of the month, month, day of the week');
  refused('0 0 30 2 *', 'names a day that never comes');
  refused('? * * * *', 'has a "?"; write "*" for every value');
  refused('*/0 * * * *', 'is no schedule: Syntax error, illegal stepping: 0');
  refused('@Daily', 'is no schedule; the names are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually');
});

test('a schedule that means harm is told short and printable', () => {
  assert.is(refuseSchedule('* * * * \u0007'), '"* * * * \\u0007" is no schedule: configuration entry 5 (\\u0007) contains illegal characters');
  assert.ok(refuseSchedule(`* * * * *${'['.repeat(400)}`)!.length < 500);
  assert.match(refuseSchedule(`${'*,'.repeat(50_000)}* * * * *`)!, /^"[*,]{200}\.\.\." has 100009 characters; a schedule has at most 500$/);
});

test('the next run is in UTC, at the beginning of a minute, after the given moment', () => {
  assert.is(next('0 3 * * *', '2026-11-23T02:59:59.999Z'), '2026-11-23T03:00:00.000Z');
  assert.is(next('0 3 * * *', '2026-11-23T03:00:00.000Z'), '2026-11-24T03:00:00.000Z');
  assert.is(next('*/15 9-17 * * mon-fri', '2026-11-20T17:50:00Z'), '2026-11-23T09:00:00.000Z');
  assert.is(next('@weekly', '2026-11-23T00:00:00Z'), '2026-11-29T00:00:00.000Z');
  assert.is(next('0 0 29 2 *', '2026-11-23T00:00:00Z'), '2028-02-29T00:00:00.000Z');
  // Restricted day of the month and of the week: one of them is enough.
  assert.is(next('0 0 1 * mon', '2026-11-24T00:00:00Z'), '2026-11-30T00:00:00.000Z');
});

test('due is the minute that a schedule names, and no other', () => {
  const due = (schedule: string, minute: string) => isDue(schedule, new Date(minute));
  assert.ok(due('30 2 * * *', '2026-03-29T02:30:00Z'));
  assert.not.ok(due('30 2 * * *', '2026-03-29T02:29:00Z'));
  assert.not.ok(due('30 2 * * *', '2026-03-29T02:31:00Z'));
  assert.ok(due('* * * * *', '2026-03-29T02:31:00Z'));
  assert.ok(due('@midnight', '2026-03-29T00:00:00Z'));
});

test.run();
