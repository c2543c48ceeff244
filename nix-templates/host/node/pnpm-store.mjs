// Takes out of a pnpm store what differs from one download to the next: times, the order of keys, temporary directories.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const store = process.argv[2];
for (const version of readdirSync(store)) {
  for (const name of ['tmp', 'projects']) rmSync(join(store, version, name), { recursive: true, force: true });
}
tidy(store);

function tidy(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) tidy(path);
    else if (entry.isFile()) {
      if (entry.name.endsWith('.json')) writeFileSync(path, JSON.stringify(plain(JSON.parse(readFileSync(path, 'utf8')))));
      chmodSync(path, entry.name.endsWith('-exec') ? 0o555 : 0o444);
    }
  }
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).filter((name) => name !== 'checkedAt').sort();
  return Object.fromEntries(names.map((name) => [name, plain(value[name])]));
}
