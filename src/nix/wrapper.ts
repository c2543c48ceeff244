import type { AppIdentity } from './app-identity.ts';
import { readBindings } from './bindings.ts';
import type { Fields } from './fields.ts';
import { installFiles } from './install-files.ts';
import { nixConcat, OUT, type Piece } from './live-text.ts';
import type { FixedOutput } from './model.ts';
import { renderNixTemplate } from './mustache.ts';
import { pkgsDefault, readPin } from './nixpkgs-source.ts';
import { NixCode } from './quote.ts';
import { runtimeParts, type OwnRuntime } from './runtime-parts.ts';
import type { Placeholders } from './shell-text.ts';
import { startScript } from './start-script.ts';
import type { RenderedTemplate } from './templates/model.ts';
import type { TreePlace } from './tree.ts';
import { unusedNotices } from './unused-keys.ts';

/** What a template gives to the wrapper that all of them share: the start script, runtime.json and what lies beside them. */
export interface WrapperParts {
  readonly fields: Fields;
  readonly app: AppIdentity;
  readonly tree: TreePlace;
  /** The version in the store path's name. */
  readonly version: NixCode;
  /** What `${name}` may stand for in keys that Nix expands, the app's own names and `pkg` included. */
  readonly names: readonly (readonly [string, NixCode])[];
  /** Plain words in shell text that stand for directories; is told the names that are bound. */
  readonly placeholders: (names: readonly string[]) => Placeholders;
  /** Shell text with Nix in it that comes first in the start script. */
  readonly prelude?: readonly Piece[];
  /** The start script's last line without `exec`, with placeholders in it. */
  readonly command: string;
  /** What the template gives to runtime.json's env and path. */
  readonly runtime?: OwnRuntime;
  /** Builder's shell lines, as Nix strings, that put more into the wrapper's output. */
  readonly install?: (names: readonly string[]) => readonly NixCode[];
  /** False where the template puts `install-files` somewhere itself. */
  readonly installsFiles?: false;
  /** The template's own holes. */
  readonly view: object;
  readonly hashes?: readonly FixedOutput[];
  readonly systems?: readonly string[];
  readonly notices?: readonly string[];
  /** Core keys that the template has no use for. */
  readonly unused: readonly string[];
}

/** Renders nix-templates/<template>.mustache with the holes of the shared parts filled in. */
export function renderApp(parts: WrapperParts): Omit<RenderedTemplate, 'template' | 'tier'> {
  const { fields, app } = parts;
  const pin = readPin(fields);
  const bindings = readBindings(fields, parts.names);
  const names = bindings.map((binding) => binding.name);
  const runtime = runtimeParts(fields, names, parts.runtime);
  const files = parts.installsFiles === false ? [] : installFiles(fields, shareDirectory(app), parts.tree);
  const expression = renderNixTemplate(fields.template, {
    ...parts.view,
    pkgsDefault: pkgsDefault(pin),
    bindings: bindings.map(({ name, value }) => ({ name: new NixCode(name), value })),
    script: startScript(fields, { prelude: parts.prelude ?? [], command: parts.command, placeholders: parts.placeholders(names), names }),
    env: runtime.env,
    path: runtime.path,
    pname: app.pname,
    version: parts.version,
    description: app.description,
    install: [...(parts.install?.(names) ?? []), ...files],
  });
  const pinNotice = pin === null ? [] : [`[nix] nixpkgs-rev: builds with nixpkgs ${pin.rev.slice(0, 12)} in place of the server's package set`];
  return {
    expression,
    notices: [...pinNotice, ...(parts.notices ?? []), ...unusedNotices(fields, parts.unused)],
    hashes: parts.hashes ?? [],
    systems: parts.systems ?? null,
  };
}

/** Where an app's files lie in the wrapper's output, below $out. */
export function shareDirectory(app: AppIdentity): string {
  return `share/${app.pname}`;
}

/** The same directory as shell text: what APPDIR stands for in a wrapper without an app tree of its own. */
export function sharePlace(app: AppIdentity): readonly Piece[] {
  return [OUT, `/${shareDirectory(app)}`];
}

/**
 * A builder's line that links something into the wrapper's output, where `$out` of hop3.toml looks for it.
 * @param to path below $out: made of letters, digits and `/._-`
 */
export function linkInto(from: readonly Piece[], to: string): NixCode {
  const parent = to.includes('/') ? to.slice(0, to.lastIndexOf('/')) : '';
  return nixConcat([`mkdir -p "$out/${parent}" && ln -s "`, ...from, `" "$out/${to}"`]);
}

/** A builder's line that links every file of a directory into a directory of the wrapper's output. */
export function linkEach(from: readonly Piece[], to: string): NixCode {
  return nixConcat([`mkdir -p "$out/${to}" && for hop3_file in "`, ...from, `"/*; do ln -s "$hop3_file" "$out/${to}/"; done`]);
}
