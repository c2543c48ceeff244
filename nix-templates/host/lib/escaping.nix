# One function for each language that a text goes into.
lib:
let
  inherit (builtins) replaceStrings;
  lower = "abcdefghijklmnopqrstuvwxyz";
  upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  chars = lib.strings.stringToCharacters;
in
rec {
  escape = list: replaceStrings list (map (c: "\\${c}") list);
  escapeC = list: replaceStrings list (map (c: "\\x${lib.toLower (lib.fixedWidthString 2 "0" (lib.toHexString (lib.strings.charToInt c)))}") list);
  escapeRegex = escape (chars "\\[{()^$?*+|.");

  # Words of these characters alone stay bare, as in nixpkgs.
  escapeShellArg = arg:
    let text = toString arg; in
    if builtins.match "[[:alnum:],._+:@%/-]+" text == null then "'${replaceStrings [ "'" ] [ "'\\''" ] text}'" else text;
  escapeShellArgs = args: lib.concatMapStringsSep " " escapeShellArg args;
  isValidPosixName = name: builtins.match "[a-zA-Z_][a-zA-Z0-9_]*" name != null;
  toShellVar = name: value:
    if !isValidPosixName name then
      throw "toShellVar: ${name} is not a valid shell variable name"
    else if builtins.isAttrs value && !lib.isDerivation value && !value ? outPath && !value ? __toString then
      "declare -A ${name}=(${lib.concatStringsSep " " (lib.mapAttrsToList (n: v: "[${escapeShellArg n}]=${escapeShellArg v}") value)})"
    else if builtins.isList value then
      "declare -a ${name}=(${escapeShellArgs value})"
    else
      "${name}=${escapeShellArg value}";
  toShellVars = vars: lib.concatStringsSep "\n" (lib.mapAttrsToList toShellVar vars);

  escapeNixString = text: escape [ "$" ] (builtins.toJSON text);
  escapeNixIdentifier = name:
    let reserved = [ "assert" "else" "if" "in" "inherit" "let" "or" "rec" "then" "with" ]; in
    if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" name != null && !builtins.elem name reserved then name else escapeNixString name;
  escapeXML = replaceStrings [ "\"" "'" "<" ">" "&" ] [ "&quot;" "&apos;" "&lt;" "&gt;" "&amp;" ];

  escapeURL =
    let
      unreserved = chars "${upper}${lower}0123456789-_.~";
      encode = c: "%" + lib.fixedWidthString 2 "0" (lib.toHexString (lib.strings.charToInt c));
    in
    # A byte beyond ASCII stays, as in nixpkgs.
    lib.strings.stringAsChars (c: if builtins.elem c unreserved || !lib.strings.isAsciiPrintable c then c else encode c);

  toLower = replaceStrings (chars upper) (chars lower);
  toUpper = replaceStrings (chars lower) (chars upper);
  toSentenceCase = text: toUpper (builtins.substring 0 1 text) + toLower (builtins.substring 1 (-1) text);
}
