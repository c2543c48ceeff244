import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asHop3Error } from '../../src/errors.ts';

const test = suite('what a disk says is the operator\'s to mend, and no defect');
const failing = (code: string) => asHop3Error(Object.assign(new Error('x'), { code }));

test('a full disk', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'SQLITE_FULL']) assert.is(failing(code).code, 'HOP3_DISK_FULL', code);
});

test('a database that cannot be written, or read', () => {
  assert.match(failing('SQLITE_READONLY_DBMOVED').what, 'cannot be written (SQLITE_READONLY_DBMOVED)');
  assert.match(failing('SQLITE_CORRUPT').what, 'cannot be used (SQLITE_CORRUPT)');
  assert.is(failing('SQLITE_IOERR_WRITE').code, 'HOP3_DATABASE');
});

test('everything else is a defect', () => {
  for (const code of ['SQLITE_CONSTRAINT', 'SQLITE_ERROR', 'ENOENT', '']) assert.is(failing(code).code, 'HOP3_INTERNAL', code);
  assert.is(asHop3Error(null).code, 'HOP3_INTERNAL');
});

test.run();
