# Texts from and to numbers, versions and package names.
lib:
let
  inherit (builtins) compareVersions elemAt head match parseDrvName;
  # The printable bytes of ASCII in order, from 32; a byte is looked up in it.
  printable = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
  codes = builtins.listToAttrs (lib.imap0 (n: c: lib.nameValuePair c (n + 32)) (lib.strings.stringToCharacters printable))
    // { "\t" = 9; "\n" = 10; "\r" = 13; };
in
rec {
  isAsciiPrintable = c: codes ? ${c};
  charToInt = c: codes.${c} or (throw "charToInt: not a printable ASCII character");

  versionOlder = v1: v2: compareVersions v2 v1 == 1;
  versionAtLeast = v1: v2: !versionOlder v1 v2;
  getName = x: if builtins.isString x then (parseDrvName x).name else x.pname or (parseDrvName x.name).name;
  getVersion = x: if builtins.isString x then (parseDrvName x).version else x.version or (parseDrvName x.name).version;
  nameFromURL = url: sep:
    let file = lib.last (lib.splitString "/" url); name = head (lib.splitString sep file); in
    if name == file then throw "nameFromURL: ${url} has no ${sep} in its last part" else name;

  isConvertibleWithToString = x:
    isStringLike x || builtins.isInt x || builtins.isFloat x || x == null || builtins.isBool x
    || (builtins.isList x && builtins.all isConvertibleWithToString x);
  isStringLike = x: builtins.isString x || builtins.isPath x || x ? outPath || x ? __toString;
  isStorePath = x:
    isStringLike x && (let text = toString x; in lib.hasPrefix "/" text && dirOf text == builtins.storeDir);
  isString = builtins.isString;

  toInt = text:
    let
      parts = match "[[:space:]]*(-?[[:digit:]]+)[[:space:]]*" text;
      octal = match "[[:space:]]*-?0[[:digit:]]+[[:space:]]*" text;
      number = builtins.fromJSON (head parts);
    in
    if parts == null then throw "toInt: Could not convert ${lib.strings.escapeNixString text} to int."
    else if octal != null then throw "toInt: Ambiguity in interpretation of ${lib.strings.escapeNixString text} between octal and zero padded integer."
    else number;
  toIntBase10 = text:
    let parts = match "[[:space:]]*(-?)0*([[:digit:]]+)[[:space:]]*" text; in
    if parts == null then throw "toIntBase10: Could not convert ${lib.strings.escapeNixString text} to int."
    else builtins.fromJSON (head parts + elemAt parts 1);
  floatToString = toString;

  fileContents = file: lib.removeSuffix "\n" (builtins.readFile file);

  # Store names know no other characters, at most 211 of them, and no dot in front.
  sanitizeDerivationName = given:
    let
      text = builtins.unsafeDiscardStringContext (toString given);
      pieces = builtins.split "[^[:alnum:]+._?=-]+" text;
      plain = lib.concatMapStrings (piece: if builtins.isList piece then "-" else piece) pieces;
      undotted = head (match "\\.*(.*)" plain);
      short = builtins.substring (lib.max (builtins.stringLength undotted - 207) 0) (-1) undotted;
    in
    if short == "" then "unknown" else short;

  enableFeature = cond: feature: "--${if cond then "enable" else "disable"}-${feature}";
  enableFeatureAs = cond: feature: value: enableFeature cond feature + lib.optionalString cond "=${value}";
  withFeature = cond: feature: "--${if cond then "with" else "without"}-${feature}";
  withFeatureAs = cond: feature: value: withFeature cond feature + lib.optionalString cond "=${value}";
}
