import { Hop3Error } from '../errors.ts';
import { refuseNewer, schemaVersion } from './migrate.ts';
import { sqlite } from './sqlite.ts';

/**
 * Makes a database out of a backup ready for this machine: it is whole, it is one that this Hop3 knows, and ports of database servers are
 * chosen anew.
 * @throws Hop3Error HOP3_DATABASE, HOP3_BACKUP
 */
export function prepareRestored(file: string): void {
  const db = new (sqlite())(file);
  try {
    refuseNewer(file, schemaVersion(db));
    const check = db.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw new Hop3Error('HOP3_BACKUP', { what: `The database in the backup is damaged: ${String(check)}`, next: 'Nothing was restored. Take an older backup.' });
    if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'addon_servers'").get()) db.exec('UPDATE addon_servers SET port = NULL');
  } finally {
    db.close();
  }
}
