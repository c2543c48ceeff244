import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import type { Fields } from './fields.ts';
import { NixCode, nixString } from './quote.ts';

/** The pin of one app: `nixpkgs-rev` and `nixpkgs-sha256`. */
export interface NixpkgsPin {
  readonly rev: string;
  readonly sha256: string;
}

/** nixpkgs without the configuration files of whoever runs nix. */
const PURE = '{ config = { }; overlays = [ ]; }';

/** @throws Hop3Error HOP3_TEMPLATE_FIELD for one without the other or a wrong form */
export function readPin(fields: Fields): NixpkgsPin | null {
  const rev = fields.text('nixpkgs-rev', '"<40 hex digits>"');
  const sha256 = fields.text('nixpkgs-sha256', '"sha256-..."');
  if (rev === null && sha256 === null) return null;
  if (rev === null || sha256 === null) {
    const missing = rev === null ? 'nixpkgs-rev' : 'nixpkgs-sha256';
    throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
      what: `[nix] ${missing} is missing: nixpkgs-rev and nixpkgs-sha256 come together or not at all.`,
      next: 'nix-prefetch-url --unpack https://github.com/NixOS/nixpkgs/archive/<rev>.tar.gz prints the hash.',
    });
  }
  if (!/^[0-9a-f]{40}$/.test(rev)) throw bad('nixpkgs-rev', rev, '40 lower-case hex digits (a whole commit id)');
  if (!/^(?:(?:sha256:)?[0-9a-df-np-sv-z]{52}|sha256-[A-Za-z0-9+/]{43}=)$/.test(sha256)) {
    throw bad('nixpkgs-sha256', sha256, '52 characters of Nix base32, or sha256-... (SRI)');
  }
  return { rev, sha256 };
}

/** The default of the expression's `pkgs` argument. */
export function pkgsDefault(pin: NixpkgsPin | null): NixCode {
  if (pin === null) return new NixCode(`import <nixpkgs> ${PURE}`);
  return new NixCode(`import (builtins.fetchTarball {\n      url = ${nixString(nixpkgsTarball(pin.rev)).text};\n      sha256 = ${nixString(pin.sha256).text};\n    }) ${PURE}`);
}

/** Where a revision of nixpkgs is fetched from. */
export function nixpkgsTarball(rev: string): string {
  return `https://github.com/NixOS/nixpkgs/archive/${rev}.tar.gz`;
}

function bad(key: string, value: string, wanted: string): Hop3Error {
  return new Hop3Error('HOP3_TEMPLATE_FIELD', { what: `[nix] ${key} should be ${wanted}, and is "${printable(value)}".` });
}
