import type { Cause } from './model.ts';

/** Libraries that programs from elsewhere ask for, and the package of nixpkgs that has each. */
const PACKAGES: readonly (readonly [RegExp, string])[] = [
  [/^libicu/, 'icu'], [/^libpq\./, 'libpq'], [/^lib(?:krb5|gssapi_krb5)\./, 'krb5.lib'], [/^libfuse\./, 'fuse'], [/^libfuse3\./, 'fuse3'],
  [/^libcurl\./, 'curl'], [/^libsqlite3\./, 'sqlite'], [/^libxml2\./, 'libxml2'], [/^libfontconfig\./, 'fontconfig'], [/^libfreetype\./, 'freetype'],
  [/^libglib-2\.0\.|^libgobject-2\.0\.|^libgio-2\.0\./, 'glib'], [/^libnss3\.|^libnspr4\./, 'nss'], [/^libasound\./, 'alsa-lib'],
  [/^lib(?:ldap|lber)\b/, 'openldap'], [/^libsasl2\./, 'cyrus_sasl'], [/^liblzma\./, 'xz'], [/^libbz2\./, 'bzip2'], [/^libzstd\./, 'zstd'],
  [/^libexpat\./, 'expat'], [/^libffi\./, 'libffi'], [/^libuuid\./, 'libuuid'], [/^lib(?:systemd|udev)\./, 'systemdLibs'],
  [/^libcrypt\.so\.1$/, 'libxcrypt-legacy'], [/^libcrypt\.so\.2$/, 'libxcrypt'], [/^lib(?:ncurses|tinfo)/, 'ncurses'], [/^libreadline\./, 'readline'],
  [/^libvips/, 'vips'], [/^lib(?:mariadb|mysqlclient)\./, 'mariadb-connector-c'], [/^liblttng-ust\./, 'lttng-ust'],
];

const BELOW = 'Paths begin below the one directory at the top of an archive, or below source-root; source-root = "." is above that directory.';

/** What the builder of a prebuilt template says, in the expression's own words, when a release is not as `[nix]` has it. */
export const PREBUILT_CAUSES: readonly Cause[] = [
  {
    pattern: /^error: no package here has these libraries that the release wants: (.*)$/m, code: 'HOP3_BUILD_RELEASE',
    what: (m) => `The release wants ${m[1]!.split(' ').join(', ')}, and no package of nix-runtime-libs has it.`,
    next: (m) => libraryAdvice(m[1]!.split(' ')),
  },
  {
    pattern: /^error: (\S+) is neither an ELF program nor a script\.$/m, code: 'HOP3_BUILD_RELEASE',
    what: (m) => `What the address gives for ${m[1]} is no program.`,
    next: () => 'If it is an archive, say under [nix] how it is packed: archive = "tar-gz". If it is a page, the address is not that of the file.',
  },
  {
    pattern: /^error: ((?:\[nix\] (?:source-root|binary-name|exec-target)|\[\[nix\.file-mappings\]\] source): .*)$/m, code: 'HOP3_BUILD_RELEASE',
    what: (m) => m[1]!,
    next: (m) => (m[1]!.startsWith('[[') ? BELOW : 'Write it as the release has it, commit, and push again.'),
  },
  {
    pattern: /^error: (\S+ is a program for another kind of machine|the release is for Alpine \(musl\))\.$/m, code: 'HOP3_BUILD_RELEASE',
    what: (m) => `${m[1]!.replace(/^the/, 'The')}.`,
    next: () => 'Take the file of the release for Linux on x86-64 with glibc ("linux-amd64", "linux-x64", "gnu"), or a static one.',
  },
];

function libraryAdvice(libraries: readonly string[]): string {
  if (libraries.some((name) => /^lib(?:ssl|crypto)\.so\.1/.test(name))) {
    return 'It was made for OpenSSL 1, which gets no more repairs and is not in nixpkgs: take a newer release.';
  }
  const packages = libraries.map((name) => PACKAGES.find(([pattern]) => pattern.test(name))?.[1]);
  const known = [...new Set(packages.filter((name) => name !== undefined))];
  const line = `nix-runtime-libs = ${JSON.stringify(known.length === 0 ? ['icu'] : known).replaceAll(',', ', ')}`;
  if (known.length > 0 && !packages.includes(undefined)) return `Add under [nix], commit, and push again:\n  ${line}`;
  return `Name the packages that have them under [nix], for example:\n  ${line}`;
}
