import type { Ran } from './world.ts';

/** A hop3.nix whose package is this Nix expression. */
export function expression(nix: string): Record<string, string> {
  return { 'hop3.nix': `{ pkgs ? import <nixpkgs> { } }:\n{\n  package = ${nix};\n}\n` };
}

/** A static site of one page, built in one step that takes so many seconds. */
export function site(text: string, seconds = 0): Record<string, string> {
  return {
    ...expression(`pkgs.runCommand "site" { } ''
    ${seconds === 0 ? '' : `sleep ${seconds}`}
    install -D -m 644 \${./index.html} $out/public/index.html
    mkdir $out/hop3
    echo "{\\"workers\\":{\\"static\\":\\"$out/public\\"}}" > $out/hop3/runtime.json
  ''`),
    'index.html': `${text}\n`,
  };
}

/** A runtime.json of these Nix attributes, and nothing else in the build. */
export function runtime(attributes: string): Record<string, string> {
  return expression(`pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { ${attributes} })`);
}

/** `workers.web` that answers every request with its environment as JSON. */
export const ECHO_WEB = `workers.web = "\${pkgs.nodejs}/bin/node \${pkgs.writeText "echo.mjs" ''
    import { createServer } from 'node:http';
    createServer((_request, response) => response.end(JSON.stringify(process.env))).listen(process.env.PORT, process.env.BIND_ADDRESS);
  ''}";`;

/** What git printed, as a person reads it: without the spaces that git pads remote lines with. */
export function told(ran: Pick<Ran, 'output'>): string {
  return ran.output.split('\n').map((line) => line.trimEnd()).join('\n');
}
