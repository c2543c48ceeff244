import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandTable } from '../../src/cli/command-table.ts';
import { parseRemote } from '../../src/cli/git-remote.ts';
import { harmless } from '../../src/cli/harmless.ts';
import { longHealth, shortHealth } from '../../src/cli/health.ts';
import { formatError, table } from '../../src/cli/output.ts';
import { ago, duration, parseSpan } from '../../src/cli/time.ts';
import { normaliseWords } from '../../src/cli/words.ts';

const words = suite('words of the command line');
const split = (text: string): string => normaliseWords(text === '' ? [] : text.split(' ')).join(' ');

words("Heroku's colons and Hop3's spaces are one command", () => {
  for (const [typed, meant] of [
    ['config', 'env show'],
    ['config:set A=1', 'env set A=1'],
    ['config set A=1', 'env set A=1'],
    ['env:set A=1', 'env set A=1'],
    ['config:unset A', 'env unset A'],
    ['config:remove A', 'env unset A'],
    ['apps', 'app list'],
    ['apps:create', 'app create'],
    ['create -a shop', 'app create -a shop'],
    ['destroy -a shop', 'app destroy -a shop'],
    ['releases', 'releases list'],
    ['releases:info v3', 'releases show v3'],
    ['releases:rollback v3', 'rollback v3'],
    ['rollback v3', 'rollback v3'],
    ['ps:restart', 'restart'],
    ['app restart', 'restart'],
    ['app logs -n 5', 'logs -n 5'],
    ['app build-logs', 'builds log'],
    ['builds', 'builds list'],
    ['tokens', 'token list'],
    ['server', 'server info'],
    ['system logs', 'status --server-log'],
    ['help', 'help'],
    ['help config:set', 'env set --help'],
    ['help apps', 'app --help'],
    ['', ''],
  ] as const) assert.is(split(typed), meant, typed);
});

words('flags and their values are not taken for words', () => {
  assert.is(split('-a shop --json config:get KEY'), '-a shop --json env get KEY');
  assert.is(split('releases -n 5'), 'releases list -n 5');
  assert.is(split('--confirm destroy apps'), '--confirm destroy app list');
  assert.is(split('env set -- config:set=1'), 'env set -- config:set=1');
  assert.is(split('env --help'), 'env --help', 'the help of a group is not that of its first verb');
});

words('what is no command stays as it was typed, for the message about it', () => {
  assert.is(split('lgos'), 'lgos');
  assert.is(split('env shwo'), 'env shwo');
  assert.is(split('constructor toString'), 'constructor toString');
  assert.is(split('KEY=a:b'), 'KEY=a:b');
});

words.run();

const shown = suite('what the command shows');

shown('columns are as wide as their widest cell, wide characters counted as two', () => {
  assert.is(table(['app', 'by', ''], [['shop', 'ann', ''], ['a', '日本', 'live']]), 'APP   BY\nshop  ann\na     日本  live');
  assert.is(table(['app'], []), '');
});

shown('an error has what, why, next and the code, in the shape of a push', () => {
  const text = formatError({ code: 'HOP3_X', what: 'It broke.', why: 'one\ntwo', next: 'Do this.', exit_code: 1 });
  assert.is(text, ' !     It broke.\n       one\n       two\n       Do this.\n       [HOP3_X]\n');
});

shown('times are told in the largest unit', () => {
  const now = Date.parse('2026-11-23T05:12:00Z');
  assert.is(ago('2026-11-23T05:11:59Z', now), 'just now');
  assert.is(ago('2026-11-23T05:09:00Z', now), '3 minutes ago');
  assert.is(ago('2026-11-22T05:12:00Z', now), '1 day ago');
  assert.is(ago('2026-12-23T05:12:00Z', now), 'in 30 days');
  assert.is(duration(0), '0 seconds');
  assert.is(parseSpan('30d'), 2_592_000);
  assert.is(parseSpan('30'), null);
});

shown("a remote's address is taken apart; what is no HTTP address is none of ours", () => {
  assert.equal(parseRemote('http://hop3:hop3_a_b@host:7000/shop.git'), { server: 'http://host:7000', token: 'hop3_a_b', app: 'shop' });
  assert.equal(parseRemote('https://host/shop'), { server: 'https://host', token: null, app: 'shop' });
  assert.is(parseRemote('hop3@host:shop'), null);
  assert.is(parseRemote('ssh://hop3@host/shop.git'), null);
});

shown.run();

const strangers = suite('text of strangers on a terminal');

strangers('colours pass where they are wanted and end with the line, elsewhere they are left out', () => {
  assert.is(harmless('\u001b[1;31mred\u001b[38:2:1:2:3m', true), '\u001b[1;31mred\u001b[38:2:1:2:3m\u001b[0m');
  assert.is(harmless('\u001b[1;31mred\u001b[0m', false), 'red');
  assert.is(harmless('plain\ttext, grüße 🎉', true), 'plain\ttext, grüße 🎉');
});

strangers('all else that a terminal obeys, and what turns text around, is shown as its code', () => {
  for (const colours of [true, false]) {
    for (const [text, seen] of [
      ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'], ['\u001b[2J', '\\x1b[2J'], ['\u009b31m', '\\x9b31m'], ['a\rb\u0008', 'a\\x0db\\x08'],
      ['\u001b[6n', '\\x1b[6n'], ['\u001bP+q\u001b\\', '\\x1bP+q\\x1b\\'], ['two\nlines', 'two\\x0alines'], ['\u202eevil\u2066', '\\u202eevil\\u2066'], ['\u007f', '\\x7f'],
      ['\u001b[31\u001b[0m', colours ? '\\x1b[31\u001b[0m\u001b[0m' : '\\x1b[31'],
    ] as const) assert.is(harmless(text, colours), seen);
  }
});

strangers.run();

const health = suite('health as hop3 shows it');
health('says since when, and what was asked and answered', () => {
  const now = Date.parse('2026-11-23T12:00:00Z');
  const ok = { state: 'ok', since: '2026-11-23T11:57:00.000Z', last_asked: '2026-11-23T11:59:56.000Z', asked: 'GET /up', answered: null } as const;
  const failing = { ...ok, state: 'failing', answered: 'status 500' } as const;
  assert.is(shortHealth(null, now), '');
  assert.is(shortHealth({ ...ok, state: 'unknown', since: null, last_asked: null }, now), 'not asked yet');
  assert.is(shortHealth(ok, now), 'ok for 3 minutes, asked 4 seconds ago');
  assert.is(shortHealth(failing, now), 'FAILING for 3 minutes: asked GET /up, got status 500');
  assert.match(longHealth(ok, now), /^ok since 2026-11-23 \d\d:57 \(3 minutes ago\), asked 4 seconds ago$/);
  assert.match(longHealth(failing, now), /^FAILING since 2026-11-23 \d\d:57 \(3 minutes ago\): asked GET \/up, got status 500, asked 4 seconds ago$/);
});
health.run();

const documented = suite('docs/cli.md');

documented('shows every command with its example, and every option', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/cli.md', import.meta.url)), 'utf8');
  for (const command of commandTable) {
    assert.match(page, `### \`hop3 ${command.path}${command.args ? ` ${command.args}` : ''}\``);
    assert.match(page, command.example);
    for (const [flags] of command.options ?? []) assert.match(page, `\`${flags}\``, `${command.path} ${flags}`);
  }
});

documented.run();
