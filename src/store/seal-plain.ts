import type { AppName } from '../names.ts';
import type { Database } from './database.ts';
import { envPlace } from './env.ts';
import { releasePlace } from './releases.ts';
import type { Seal } from './seal.ts';

/**
 * Seals the values that an older Hop3 wrote as they were. One transaction; what they were is then wiped from the file, too.
 */
export function sealPlainValues(db: Database, seal: Seal): void {
  if (db.get('SELECT 1 FROM meta WHERE name = $name', { name: 'sealed' })) return;
  db.transaction(() => {
    for (const row of db.all('SELECT app, name, value FROM env')) {
      const [app, name] = [row['app'] as AppName, row['name'] as string];
      db.run('UPDATE env SET value = $value WHERE app = $app AND name = $name', { app, name, value: seal.seal(row['value'] as string, envPlace(app, name)) });
    }
    for (const row of db.all('SELECT app, version, env FROM releases')) {
      const [app, version] = [row['app'] as AppName, row['version'] as number];
      db.run('UPDATE releases SET env = $env WHERE app = $app AND version = $version', { app, version, env: seal.seal(row['env'] as string, releasePlace(app, version)) });
    }
    db.run('INSERT INTO meta (name, value) VALUES ($name, $value)', { name: 'sealed', value: '1' });
  });
  db.wipeFreed();
}
