import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reportBlock, withBlock, type Report } from '../bench/report.ts';
import { isMet, judged, type Row } from '../bench/row.ts';
import { ratios, spread } from '../bench/stats.ts';
import { resultTable, stageTable } from '../bench/table.ts';

const test = suite('bench');

const row: Row = {
  what: 'known tree', beside: 'http-backend', unit: 'ms', floor: [40, 50, 60, 50], hop3: [44, 60, 66, 55], goal: { of: 'ratio', most: 1.1 },
};

test('the quartiles are those of R and NumPy', () => {
  assert.equal(spread([4, 1, 3, 2]), { q1: 1.75, median: 2.5, q3: 3.25 });
  assert.equal(spread([7]), { q1: 7, median: 7, q3: 7 });
  assert.throws(() => spread([]), /no figures/);
});

test('a ratio is of one round, so that a slow round of both changes nothing', () => {
  assert.equal(ratios([20, 200], [10, 100]), [2, 2]);
  assert.throws(() => ratios([1, 2], [1]), /2 figures beside 1/);
});

test('a goal is met at its very figure, as it is printed, and missed above it', () => {
  assert.is(judged(row).toFixed(2), '1.10');
  assert.ok(isMet(row));
  assert.not.ok(isMet({ ...row, goal: { of: 'ratio', most: 1.09 } }));
  assert.not.ok(isMet({ ...row, goal: { of: 'ratio', least: 1.11 } }));
  assert.ok(isMet({ ...row, floor: [], hop3: [0], goal: { of: 'figure', most: 0 } }));
  assert.not.ok(isMet({ ...row, floor: [], hop3: [0, 1, 1], goal: { of: 'figure', most: 0 } }));
});

test('a line of the table has the medians with their quartiles, the goal, and whether it is met', () => {
  const failures: Row = { what: 'failed requests', beside: null, unit: 'requests', floor: [], hop3: [0], goal: { of: 'figure', most: 0 }, note: '300 deploys' };
  assert.equal(resultTable([row, { ...row, goal: { of: 'ratio', most: 1 } }, failures]).split('\n'), [
    '| case | beside | floor | Hop3 | Hop3 / floor | goal | met | runs |',
    '|---|---|---|---|---|---|---|---|',
    '| known tree | http-backend | 50.0 (47.5-52.5) ms | 57.5 (52.3-61.5) ms | 1.10 (1.10-1.13) | <= 1.10 | yes | 4 |',
    '| known tree | http-backend | 50.0 (47.5-52.5) ms | 57.5 (52.3-61.5) ms | 1.10 (1.10-1.13) | <= 1.00 | **no** | 4 |',
    '| failed requests (300 deploys) | - | - | 0 (0-0) requests | - | <= 0 requests | yes | 1 |',
  ]);
});

test('the stages stand in a table of their own, a column for each row that has them', () => {
  assert.is(stageTable([row]), '');
  const staged: Row = { ...row, stages: { receive: [1, 3], build: [100, 102] } };
  assert.equal(stageTable([row, staged, { ...row, what: 'another', stages: { receive: [5] } }]).split('\n'), [
    '| stage | known tree | another |', '|---|---|---|', '| receive | 2.0 | 5.0 |', '| build | 101.0 |  |',
  ]);
});

test('a run replaces the block that the last one wrote, and nothing around it', () => {
  const report: Report = {
    began: '2026-11-27T10:00:00.000Z', minutes: 41.5, quick: false, rows: [row], failed: [],
    machine: { processor: 'A processor', cores: 2, memoryGb: 8, system: 'Debian', node: '20.20.2', git: 'git 2.39.5', nix: 'nix 2.8.0', nginx: 'nginx 1.22.1', commit: 'abc1234', load: '0.00' },
  };
  const first = withBlock('# Performance\n', reportBlock(report));
  assert.match(first, '# Performance\n<!-- npm run bench writes');
  assert.match(first, 'Measured 2026-11-27 at abc1234 in 41.5 minutes: A processor, 2 cores, 8 GB, Debian; Node 20.20.2');
  const second = withBlock(`${first}\nAfter it.\n`, reportBlock({ ...report, minutes: 7 }));
  assert.not.match(second, '41.5');
  assert.match(second, 'in 7 minutes');
  assert.is(second.split('| known tree |').length, 2);
  assert.match(second, /<!-- to here -->\n\nAfter it\.\n$/);
});

test.run();
