// Writes schema/*.json from the schemas in src/: node --import tsx scripts/docs-schema.mjs [--check]
import { hop3JsonSchema } from '../src/config/hop3-json-schema.ts';
import { runtimeJsonSchema } from '../src/nix/runtime-schema.ts';
import { write } from './docs-write.mjs';

write('schema/hop3.schema.json', `${JSON.stringify(hop3JsonSchema(), null, 2)}\n`, 'src/config');
write('schema/runtime.schema.json', `${JSON.stringify(runtimeJsonSchema(), null, 2)}\n`, 'src/nix/runtime-schema.ts');
