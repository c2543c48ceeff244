import { type Static, Type } from 'typebox';
import { flag, key, needed, oneOf, scalar, text, VARIABLE, whole } from './shapes.ts';

/** `{ generate = "hex" }` and its companions. */
export const Generate = Type.Object({
  generate: needed(oneOf(['hex', 'base64', 'urlsafe', 'password', 'uuid']), 'Required. The alphabet.'),
  length: key(whole(1, 1024), 'Bytes for hex, base64 and urlsafe; characters for password; nothing for uuid.', { otherwise: '32; 24 for `password`' }),
  prefix: key(text(), 'Stands before the secret.', { example: 'base64:' }),
  display: key(flag(), 'Shows the value in the push log of the deploy that made it, and nowhere else.', { default: false }),
}, { additionalProperties: false, description: 'a table such as { generate = "password" }', word: '`{ generate = ... }`' });
export type Generate = Static<typeof Generate>;

/** Who wins where the file and the operator both set something. */
export const policy = () => oneOf(['keep-existing', 'override']);

const variableNames = 'names of variables (letters, digits and _, not beginning with a digit)';

const Computed = Type.Record(Type.String({ pattern: VARIABLE }), scalar(), { description: 'a table: [env.computed]', keys: variableNames });

/** What a value of `[env]` may be, besides the two names that are not variables. */
const EnvValue = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Generate], {
  description: 'text in quotes, a number, true, false, or a table such as { generate = "hex" }',
});

export const Env = Type.Object({
  _policy: key(policy(), "With `\"keep-existing\"` the operator's value (`hop3 env set`) wins over the file's; with `\"override\"` the file's does.",
    { default: 'keep-existing' }),
  computed: key(Computed, 'Values that are put together at deploy from other variables, with `${NAME}`; an unknown name is an error.',
    { expander: 'Hop3', example: { DATABASE: 'postgres://${PGUSER}@${PGHOST}/shop' } }),
}, { additionalProperties: EnvValue, description: 'a table', keyPattern: VARIABLE, keys: variableNames });
