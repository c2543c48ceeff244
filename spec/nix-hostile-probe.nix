# What the rendered expressions of `files` are made of: for each the texts that hold `mark`, wherever they ended up.
{
  pkgs,
  mark,
  files,
}:

let
  inherit (builtins) attrNames concatMap isAttrs isList isString;

  plain = builtins.unsafeDiscardStringContext;
  # Not by a regular expression: the texts are long, and Nix' own take a stack frame a character.
  holds = text: builtins.replaceStrings [ mark ] [ "" ] text != text;
  isDerivation = value: value.type or "" == "derivation";

  # The texts with a mark in a value, under the name of the attribute that they came from.
  texts =
    name: value:
    if isString value then
      (if holds (plain value) then [ { inherit name; text = plain value; } ] else [ ])
    else if isList value then
      concatMap (texts name) value
    else if isAttrs value then
      # Of what is fetched, where it comes from; other packages are nixpkgs' own.
      (if isDerivation value then texts name [ (value.name or "") (value.url or "") (value.urls or [ ]) ] else inAttrs value)
    else
      [ ];

  inAttrs = value: concatMap (name: texts name value.${name}) (attrNames value);

  whole =
    name: value:
    if isAttrs value && isDerivation value then
      inAttrs value.drvAttrs ++ texts "description" (value.meta.description or "")
    else
      texts name value;
in
map (
  file:
  let
    expression = import file { inherit pkgs; };
    made = expression.hop3_probe // { inherit (expression) package; };
  in
  builtins.seq expression.package.drvPath (concatMap (name: whole name made.${name}) (attrNames made))
) files
