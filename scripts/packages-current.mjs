// Exit 0 when node_modules holds what package-lock.json says: node scripts/packages-current.mjs
import { existsSync, readFileSync } from 'node:fs';

const installed = 'node_modules/.package-lock.json'; // npm writes it beside what it installs
if (!existsSync(installed)) process.exit(1);
const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
const present = packages(installed);
for (const [path, { version, optional }] of Object.entries(packages('package-lock.json'))) {
  if (path === '' || (optional && !(path in present))) continue; // optional: for another platform
  if (present[path]?.version !== version || !existsSync(path)) process.exit(1);
}
