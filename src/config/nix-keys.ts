import { Type, type TSchema } from 'typebox';
import { TEMPLATES, type TemplateName } from './model.ts';
import { filledText, flag, matching, oneOf, scalar, tables, text, textList, treePath, variables, whole } from './shapes.ts';

export interface NixKey {
  readonly schema: TSchema;
  /** The templates that read the key; `any` for the core keys. */
  readonly templates: 'any' | readonly TemplateName[];
  /** For a key that is read but should be replaced: what to use instead, as a sentence. */
  readonly retired?: string;
}

const SHA256_FORMS = [
  'sha256-[A-Za-z0-9+/]{43}=', // SRI
  '[A-Za-z0-9+/]{43}=', // base64 alone
  '(?:sha256:)?[0-9a-df-np-sv-z]{52}', // Nix base32
  '(?:sha256:)?[0-9a-fA-F]{64}', // hex
];
const sha256 = () =>
  matching(`^(?:${SHA256_FORMS.join('|')})$`, 'a sha256 in base64 ("sha256-...="), Nix base32 (52 characters) or hex (64 digits)');

const vendorHash = () =>
  matching(`^(?:none|${SHA256_FORMS.join('|')})$`, 'a sha256 such as "sha256-...=", or "none" where go.mod requires nothing');

const attribute = () =>
  matching('^[A-Za-z_][A-Za-z0-9_\'.-]*$', 'the name of a package of nixpkgs, such as "nodejs_22" or "php82Packages.composer"');

const nixName = '^[A-Za-z_][A-Za-z0-9_\'-]*$';
const nixNames = 'names of Nix variables (letters, digits, _ and -)';
/** Nix or shell text that the template puts into the expression as it stands. */
const code = () => text();

const oneLine = () => Type.String({ pattern: '^[^\\u0000-\\u001f]+$' });
const oneLiners = 'names of one line';

const configFile = () => Type.Object({
  path: filledText('the path of the file to write, in quotes'),
  format: Type.Optional(oneOf(['ini', 'raw'])),
  sections: Type.Optional(Type.Record(oneLine(), Type.Record(oneLine(), scalar(), { description: 'a table of name = "value"', keys: oneLiners }), {
    description: 'tables such as [nix.config-files.sections.server]', keys: oneLiners,
  })),
  'raw-content': Type.Optional(text()),
  'create-if-missing': Type.Optional(flag()),
}, { additionalProperties: false, description: 'a table' });

const conditionalVariable = () => Type.Object({
  name: matching('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of a variable (letters, digits and _)'),
  'condition-var': Type.Optional(matching('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of a variable (letters, digits and _)')),
  value: scalar(),
}, { additionalProperties: false, description: 'a table' });

const fileMapping = () => Type.Object({
  source: treePath(),
  destination: treePath(),
  recursive: Type.Optional(flag()),
  executable: Type.Optional(flag()),
}, { additionalProperties: false, description: 'a table' });

const core = (schema: TSchema): NixKey => ({ schema, templates: 'any' });
const only = (template: TemplateName) => (schema: TSchema): NixKey => ({ schema, templates: [template] });

const wrapper = only('nixpkgs-wrapper');
const python = only('python-venv');
const php = only('php-app');
const war = only('java-war');
const node = only('node-prebuilt');
const binary = only('prebuilt-binary');
const archive = only('prebuilt-archive');
const go = only('go-source');
const pnpm = only('node-pnpm-install');
const gradle = only('java-gradle');

/** Every key that may stand in `[nix]`, and the templates it belongs to. The one place to add a key. */
export const NIX_KEYS: Readonly<Record<string, NixKey>> = {
  template: core(oneOf(TEMPLATES)),
  url: core(matching('^(?:https?|mirror)://\\S+$', 'an address that begins with https://, http:// or mirror://')),
  sha256: core(sha256()),
  archive: core(oneOf(['tar-gz', 'tar-bz2', 'tar-xz', 'zip'])),
  executable: core(flag()),
  version: core(filledText()),
  'source-root': core(filledText()),
  'strip-components': core(whole(0, 100)),
  'runtime-package': core(attribute()),
  'nixpkgs-rev': core(matching('^[0-9a-f]{40}$', 'a full commit id of nixpkgs (40 hexadecimal digits)')),
  'nixpkgs-sha256': core(matching('^(?:(?:sha256:)?[0-9a-df-np-sv-z]{52}|sha256-[A-Za-z0-9+/]{43}=)$', 'a sha256 in Nix base32 (52 characters) or as "sha256-...="')),
  'exec-target': core(filledText()),
  'exec-args': core(textList()),
  'local-vars': core(variables()),
  'env-exports': core(variables()),
  'conditional-env': core(tables('nix.conditional-env', conditionalVariable())),
  'config-files': core(tables('nix.config-files', configFile())),
  'pre-exec': core(textList()),
  'runtime-env': core(variables()),
  'extra-paths': core(textList()),
  'nix-runtime-libs': core(textList(filledText())),
  'writable-home-at-runtime': core(flag()),
  'writable-home-env-var': core(matching('^[A-Za-z_][A-Za-z0-9_]*$', 'the name of a variable (letters, digits and _)')),
  'install-files': core(textList(treePath())),

  'nixpkgs-package': wrapper(attribute()),
  'nixpkgs-overrides': wrapper(variables(nixName, nixNames)),
  'let-extra': wrapper(variables(nixName, nixNames)),
  'env-exports-raw': wrapper(variables()),
  'install-extra': wrapper(code()),
  'exec-prefix': wrapper(filledText()),

  'pip-requirements': python(treePath()),
  'pip-deps-hash': python(sha256()),
  'pip-packages': {
    ...python(textList(filledText())),
    retired: 'Its packages have no hashes, so the build cannot be repeated; write a hash-pinned lock file and name it in pip-requirements.',
  },

  'php-version': php(attribute()),
  'php-extensions': php(textList(attribute())),
  'needs-composer': php(flag()),
  'composer-deps-hash': php(sha256()),
  'composer-strict-validation': php(flag()),
  'composer-extra-flags': php(textList()),
  'serve-mode': php(oneOf(['builtin', 'artisan', 'custom'])),
  'web-root': php(text()),
  'post-install-dirs': php(textList(treePath())),
  'single-file': php(flag()),
  'skip-source-copy': php(flag()),
  'needs-writable-dir': php(flag()),
  'extra-native-build-inputs': php(textList(attribute())),

  'war-file': war(filledText()),
  'jvm-default-opts': war(text()),

  'unpack-without-top-level': node(flag()),

  'binary-name': binary(filledText()),

  'file-mappings': archive(tables('nix.file-mappings', fileMapping())),

  'go-vendor-hash': go(vendorHash()),
  'go-sub-packages': go(textList(filledText())),
  'go-ldflags': go(textList()),
  'go-proxy-vendor': go(flag()),
  'go-version': go(attribute()),
  'go-static-dirs': go(textList(treePath())),
  'go-frontend-build': go(filledText('a command in quotes')),
  'go-frontend-output': go(treePath()),
  'go-frontend-source-root': go(filledText()),
  'go-frontend-pnpm': go(flag()),
  'go-frontend-node-package': go(attribute()),
  'go-frontend-embed-path': go(treePath()),
  'go-npm-deps-hash': go(sha256()),
  'go-pnpm-deps-hash': go(sha256()),
  'go-pnpm-package': go(attribute()),

  'npm-package': pnpm(filledText()),
  'node-manifest': pnpm(treePath()),
  'node-lockfile': pnpm(treePath()),
  'node-deps-hash': pnpm(sha256()),
  'node-pnpm-package': pnpm(attribute()),
  'node-native-packages': pnpm(textList(filledText())),

  'gradle-deps-json': gradle(treePath()),
  'gradle-patches': gradle(textList(treePath())),
  'gradle-flags': gradle(textList()),
  'gradle-jar-glob': gradle(filledText()),
  'gradle-jar-name': gradle(filledText()),
};

/** The keys that a template reads, core keys included. */
export function keysOf(template: TemplateName): string[] {
  return Object.keys(NIX_KEYS).filter((key) => belongs(key, template));
}

/** True where the template reads the key. An unknown key belongs to none. */
export function belongs(key: string, template: TemplateName): boolean {
  const entry = Object.hasOwn(NIX_KEYS, key) ? NIX_KEYS[key] : undefined;
  return entry !== undefined && (entry.templates === 'any' || entry.templates.includes(template));
}

export function isTemplate(name: unknown): name is TemplateName {
  return (TEMPLATES as readonly unknown[]).includes(name);
}
