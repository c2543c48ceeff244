import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { commandTable } from '../../src/cli/command-table.ts';
import { parseRemote } from '../../src/cli/git-remote.ts';
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
