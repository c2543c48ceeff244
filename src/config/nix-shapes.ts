import { Type } from 'typebox';
import { filledText, flag, key, matching, needed, oneOf, scalar, text, treePath, variableName } from './shapes.ts';

const SHA256_FORMS = [
  'sha256-[A-Za-z0-9+/]{43}=', // SRI
  '[A-Za-z0-9+/]{43}=', // base64 alone
  '(?:sha256:)?[0-9a-df-np-sv-z]{52}', // Nix base32
  '(?:sha256:)?[0-9a-fA-F]{64}', // hex
];

export const sha256 = () =>
  matching(`^(?:${SHA256_FORMS.join('|')})$`, 'a sha256 in base64 ("sha256-...="), Nix base32 (52 characters) or hex (64 digits)', 'sha256');

export const vendorHash = () =>
  matching(`^(?:none|${SHA256_FORMS.join('|')})$`, 'a sha256 such as "sha256-...=", or "none" where go.mod requires nothing', 'sha256 or `"none"`');

export const nixpkgsRevision = () => matching('^[0-9a-f]{40}$', 'a full commit id of nixpkgs (40 hexadecimal digits)');
export const nixpkgsHash = () =>
  matching('^(?:(?:sha256:)?[0-9a-df-np-sv-z]{52}|sha256-[A-Za-z0-9+/]{43}=)$', 'a sha256 in Nix base32 (52 characters) or as "sha256-...="', 'sha256');

export const attribute = () =>
  matching('^[A-Za-z_][A-Za-z0-9_\'.-]*$', 'the name of a package of nixpkgs, such as "nodejs_22" or "php82Packages.composer"', 'package name');

export const url = () => matching('^(?:https?|mirror)://\\S+$', 'an address that begins with https://, http:// or mirror://');

export const nixName = '^[A-Za-z_][A-Za-z0-9_\'-]*$';
export const nixNames = 'names of Nix variables (letters, digits, _ and -)';
/** Nix or shell text that the template puts into the expression as it stands. */
export const code = () => text();

const oneLine = () => Type.String({ pattern: '^[^\\u0000-\\u001f]+$' });
const oneLiners = 'names of one line';

const section = () => Type.Record(oneLine(), scalar(), { description: 'a table of name = "value"', keys: oneLiners });

export const configFile = () => Type.Object({
  path: needed(filledText('the path of the file to write, in quotes'), "Required. Where the file is written, below the app's data directory; its directories are made."),
  format: key(oneOf(['ini', 'raw']), 'With `"raw"`, `raw-content` is the text; with `"ini"`, `sections` are tables of names and values.', { default: 'raw' }),
  sections: key(Type.Record(oneLine(), section(), { description: 'tables such as [nix.config-files.sections.server]', keys: oneLiners }), 'The sections of an ini file.'),
  'raw-content': key(text(), 'The text of the file.'),
  'create-if-missing': key(flag(), 'Leaves the file alone once it exists.', { default: false }),
}, {
  additionalProperties: false, description: 'a table',
  published: {
    if: { properties: { format: { const: 'ini' } }, required: ['format'] },
    // eslint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { required: ['sections'], properties: { 'raw-content': false } },
    else: { required: ['raw-content'], properties: { sections: false } },
  },
});

export const conditionalVariable = () => Type.Object({
  name: needed(variableName(), 'Required. The variable that is exported.'),
  'condition-var': key(variableName(), 'It is exported where this variable is not set or empty.', { otherwise: '`name`' }),
  value: needed(scalar(), 'Required. Its value.', { expander: 'the shell' }),
}, { additionalProperties: false, description: 'a table' });

export const fileMapping = () => Type.Object({
  source: needed(treePath(), 'Required. A path of the archive; with `/*` at its end, what the directory holds.'),
  destination: needed(treePath(), 'Required. Where it goes in the build; with `/` at its end, a directory.'),
  recursive: key(flag(), 'Copies directories with what they hold.', { default: true }),
  executable: key(flag(), 'Makes the files programs.', { default: false }),
}, { additionalProperties: false, description: 'a table' });
