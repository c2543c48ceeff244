import { indentedStringEnd, stringEnd } from './live-text.ts';
import type { PackageSet } from './model.ts';

/** Where nixpkgs itself is published; all that a pushed expression may fetch while it is evaluated. */
export const NIXPKGS_URIS: readonly string[] = [
  'https://github.com/NixOS/nixpkgs/', 'https://github.com/nixos/nixpkgs/', 'https://nixos.org/channels/',
  'https://channels.nixos.org/', 'https://releases.nixos.org/',
];

const OWN = /github\.com\/nixos\/nixpkgs|(?:channels|releases)\.nixos\.org|nixos\.org\/channels|github:nixos\/nixpkgs|owner\s*=\s*"nixos"\s*;\s*repo\s*=\s*"nixpkgs"/i;

export interface PkgsDecision {
  readonly givePkgs: boolean;
  /** A line for the push log. */
  readonly notice: string | null;
}

/** True when the expression fetches a nixpkgs by itself, in place of `<nixpkgs>`. */
export function fetchesOwnNixpkgs(text: string): boolean {
  const code = withoutComments(text);
  return OWN.test(code) && /\bfetch[A-Za-z]*\b|\bgetFlake\b/.test(code);
}

/**
 * Decides whether the expression is handed our package set as its argument `pkgs`: when it asks for `pkgs` without a
 * default, and under `host` when it would fetch a nixpkgs of its own.
 */
export function decideGivePkgs(text: string, packageSet: PackageSet): PkgsDecision {
  const argument = pkgsArgument(text);
  if (argument === 'required') return { givePkgs: true, notice: null };
  if (!fetchesOwnNixpkgs(text)) return { givePkgs: false, notice: null };
  if (packageSet.kind !== 'host') {
    return { givePkgs: false, notice: "hop3.nix fetches its own nixpkgs, so the server's package set is not used" };
  }
  if (argument === 'optional') {
    return { givePkgs: true, notice: 'hop3.nix fetches its own nixpkgs; under HOP3_NIXPKGS=host it is given the host set instead' };
  }
  return {
    givePkgs: false,
    notice: 'hop3.nix fetches its own nixpkgs and takes no argument "pkgs"; begin it with { pkgs ? ... }: to build it with the host set',
  };
}

/** Whether the expression is a function of a set with `pkgs` in it, and whether that has a default. */
export function pkgsArgument(text: string): 'required' | 'optional' | 'none' {
  const code = withoutComments(text).trimStart().replace(/^[A-Za-z_][A-Za-z0-9_'-]*\s*@\s*/, '');
  if (!code.startsWith('{')) return 'none';
  const formals = splitFormals(code);
  if (formals === null || !/^\s*(?::|@)/.test(formals.rest)) return 'none';
  const pkgs = formals.parts.find((part) => /^\s*pkgs\s*(?:\?|$)/.test(part));
  if (pkgs === undefined) return 'none';
  return pkgs.includes('?') ? 'optional' : 'required';
}

function splitFormals(code: string): { parts: string[]; rest: string } | null {
  const parts: string[] = [];
  let depth = 0;
  let from = 1;
  for (let at = 0; at < code.length; at++) {
    const char = code[at]!;
    const end = char === '"' ? stringEnd(code, at + 1) : code.startsWith("''", at) ? indentedStringEnd(code, at + 2) : undefined;
    if (end === null) return null;
    if (end !== undefined) at = end;
    else if ('{[('.includes(char)) depth += 1;
    else if ('}])'.includes(char)) {
      depth -= 1;
      if (depth === 0) return { parts: [...parts, code.slice(from, at)], rest: code.slice(at + 1) };
    } else if (char === ',' && depth === 1) {
      parts.push(code.slice(from, at));
      from = at + 1;
    }
  }
  return null;
}

/** The text with comments blanked out; strings stay, also those that hold a `#`. */
function withoutComments(text: string): string {
  let code = '';
  let at = 0;
  while (at < text.length) {
    let end: number | null = null;
    if (text[at] === '"') end = stringEnd(text, at + 1);
    else if (text.startsWith("''", at)) end = indentedStringEnd(text, at + 2);
    if (end !== null) {
      code += text.slice(at, end + 1);
      at = end + 1;
    } else if (text[at] === '#') {
      at = lineEnd(text, at);
    } else if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2);
      at = close < 0 ? text.length : close + 2;
      code += ' ';
    } else {
      code += text[at]!;
      at += 1;
    }
  }
  return code;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
