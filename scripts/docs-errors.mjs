// Writes docs/errors.md from src/error-catalog.ts: node --import tsx scripts/docs-errors.mjs [--check]
import { catalog } from '../src/error-catalog.ts';
import { write } from './docs-write.mjs';

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const page = `# Error codes

Every error of Hop3 carries one of these codes, at the end of its text and in the field \`code\` of the API's answers.
A code keeps its meaning for good. This page is made from \`src/error-catalog.ts\` by \`npm run docs\`.

## Exit codes of the \`hop3\` command

| exit | meaning |
|---|---|
| 0 | done |
| 1 | failed, for a reason that has no code of its own below |
| 2 | the command, an argument or a setting cannot be used |
| 3 | not found |
| 4 | not authenticated |
| 5 | not allowed |
| 6 | conflict, or something is locked |
| 7 | the network or the server failed |
| 8 | the deployment failed |
| 9 | a release was built again and is not the same |
| 10 | a question was answered with no, or could not be asked |
| 130 | interrupted |

## Codes

| code | exit | HTTP | what it means | what to do |
|---|---|---|---|---|
${Object.entries(catalog)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, entry]) => `| \`${code}\` | ${entry.exit} | ${entry.status} | ${cell(entry.meaning)} | ${cell(entry.remedy)} |`)
  .join('\n')}
`;

write('docs/errors.md', page, 'src/error-catalog.ts');
