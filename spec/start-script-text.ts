/**
 * The start script of a rendered expression as the shell will see it, without asking Nix: the lines of `hop3_script` with Nix'
 * escapes read back.
 * @param stands what `${code}` of the expression stands for
 */
export function startScriptText(expression: string, stands: (code: string) => string): string {
  const list = /\n {2}hop3_script = builtins\.concatStringsSep "\\n" \[\n([\s\S]*?)\n {2}\];\n/.exec(expression)?.[1];
  if (list === undefined) throw new Error(`no start script in:\n${expression}`);
  return list.split('\n').map((line) => readNixString(line.trim(), stands)).join('\n');
}

/** `env` of runtime.json, read the same way. */
export function runtimeEnv(expression: string, stands: (code: string) => string): Record<string, string> {
  const set = /\n {2}hop3_env = \{\n([\s\S]*?)\n? {2}\};\n/.exec(expression)?.[1] ?? '';
  const lines = [...set.matchAll(/^ {4}([A-Za-z_][A-Za-z0-9_]*) = (".*");$/gm)];
  return Object.fromEntries(lines.map(([, name, text]) => [name!, readNixString(text!, stands)]));
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** A Nix string in double quotes whose interpolations hold no braces. */
function readNixString(text: string, stands: (code: string) => string): string {
  return text.slice(1, -1).replaceAll(/\\([\s\S])|\$\{([^}]*)\}/g, (_whole, escaped: string | undefined, code: string) =>
    (escaped === undefined ? stands(code) : ESCAPES[escaped] ?? escaped));
}
