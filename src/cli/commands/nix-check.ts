import type { PackageInfo } from '../../server/api-types.ts';
import type { Handler } from '../command-context.ts';
import { fields } from '../output.ts';

export const checkPackage: Handler = async (context, [name]) => {
  const client = await context.client();
  const found = await client.get<PackageInfo>(`/packages?name=${encodeURIComponent(name!)}`);
  context.out.answer(found, () => fields([
    ['package', found.package],
    ['version', found.version ?? found.name],
    ['description', found.description],
    ['program', found.main_program ?? 'not said (no meta.mainProgram)'],
    ['in bin/', found.programs === null ? null : found.programs.join(', ') || 'nothing'],
    ['licence', found.licenses.join(', ') || null],
    ['from source', found.prebuilt.length === 0 ? 'yes' : `no: ${found.prebuilt.join(', ')} of upstream`],
    ['usable', usable(found)],
    ...found.vulnerabilities.map((text) => ['vulnerability', text] as const),
    ['package set', found.package_set],
  ]));
  for (const advice of adviceOn(found)) context.out.note(advice);
};

function usable(found: PackageInfo): string {
  const against = [
    found.broken ? 'marked broken' : null,
    found.insecure ? 'marked insecure' : null,
    found.unfree ? 'unfree' : null,
    found.unsupported ? "not for the server's system" : null,
  ].filter((reason) => reason !== null);
  return against.length === 0 ? 'yes' : `no: ${against.join(', ')}; nixpkgs refuses to build it`;
}

/** What goes wrong with `lib.getExe` and [nix] exec-target, said where it would. */
function adviceOn(found: PackageInfo): string[] {
  const last = found.package.split('.').at(-1)!;
  const { main_program: main, programs } = found;
  const lists = programs !== null && programs.length > 0 ? `: ${programs.join(', ')}` : ' (hop3 nix check lists them once the server has built or fetched it)';
  if (main === null) {
    return [`${last} does not say which of its programs is the main one, so lib.getExe only guesses. Give [nix] exec-target the name of one in its bin/${lists}.`];
  }
  if (programs !== null && !programs.includes(main)) return [`Its main program is said to be ${main}, and its bin/ does not have that: give [nix] exec-target one of those that are there${lists}.`];
  return main === last ? [] : [`Its main program is ${main}, not ${last}: make sure that it is the one to start (a client, for some servers).`];
}
