lib: rec {
  # How a value looks in a key-value file.
  mkValueStringDefault = _options: v:
    if builtins.isInt v || builtins.isString v then toString v
    else if lib.isDerivation v then toString v
    else if v == true then "true"
    else if v == false then "false"
    else if v == null then "null"
    else if builtins.isFloat v then lib.strings.floatToString v
    else if builtins.isPath v then toString v
    else throw "generators.mkValueStringDefault: ${builtins.typeOf v} not supported: ${toPretty { } v}";
  mkKeyValueDefault = { mkValueString ? mkValueStringDefault { } }: sep: key: value:
    "${lib.escape [ sep ] key}${sep}${mkValueString value}";

  toKeyValue = { mkKeyValue ? mkKeyValueDefault { } "=", listsAsDuplicateKeys ? false, indent ? "" }: set:
    let line = key: value: indent + mkKeyValue key value + "\n"; in
    lib.concatStrings (lib.flatten (lib.mapAttrsToList
      (key: value: if listsAsDuplicateKeys && builtins.isList value then map (line key) value else [ (line key value) ])
      set));

  toINI = { mkSectionName ? (name: lib.escape [ "[" "]" ] name), mkKeyValue ? mkKeyValueDefault { } "=", listsAsDuplicateKeys ? false }: sections:
    lib.concatStringsSep "\n" (lib.mapAttrsToList
      (name: values: "[${mkSectionName name}]\n" + toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } values)
      sections);
  toINIWithGlobalSection = args: { globalSection, sections ? { } }:
    (if globalSection == { } then "" else toKeyValue (builtins.removeAttrs args [ "mkSectionName" ]) globalSection + "\n") + toINI args sections;

  toJSON = _options: builtins.toJSON;
  # Every JSON text is a YAML text.
  toYAML = toJSON;

  # A Nix expression for a value, for messages.
  toPretty = { multiline ? true, indent ? "", ... }@options: v:
    let
      deeper = toPretty (options // { indent = indent + "  "; });
      newline = if multiline then "\n${indent}  " else " ";
      end = if multiline then "\n${indent}" else " ";
      wrap = open: close: items: open + newline + lib.concatStringsSep newline items + end + close;
    in
    if builtins.isString v then lib.strings.escapeNixString v
    else if v == null then "null"
    else if builtins.isBool v then lib.boolToString v
    else if builtins.isFunction v then "<function>"
    else if builtins.isList v then (if v == [ ] then "[ ]" else wrap "[" "]" (map deeper v))
    else if lib.isDerivation v then "<derivation ${v.name or "???"}>"
    else if builtins.isAttrs v then
      (if v == { } then "{ }"
       else wrap "{" "}" (lib.mapAttrsToList (name: value: "${lib.strings.escapeNixIdentifier name} = ${deeper value};") v))
    else if builtins.isFloat v then lib.strings.floatToString v
    else toString v;
}
