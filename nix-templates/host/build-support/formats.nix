# pkgs.formats: `(pkgs.formats.json { }).generate "name" value`.
{ lib, writeText }:
let
  text = render: { type = null; generate = name: value: writeText name (render value); };
in
{
  json = _: text builtins.toJSON;
  # Every JSON text is a YAML text.
  yaml = _: text builtins.toJSON;
  ini = args: text (lib.generators.toINI args);
  iniWithGlobalSection = args: text (lib.generators.toINIWithGlobalSection args);
  keyValue = args: text (lib.generators.toKeyValue args);
}
