# Joining, cutting and searching. Quoting is in escaping.nix, numbers and names are in conversion.nix.
lib:
let
  inherit (builtins) genList stringLength substring;
in
rec {
  inherit (builtins)
    compareVersions
    concatStringsSep
    fromJSON
    match
    parseDrvName
    readFile
    replaceStrings
    split
    storeDir
    stringLength
    substring
    toJSON
    typeOf
    unsafeDiscardStringContext
    ;

  concatStrings = concatStringsSep "";
  concatMapStrings = f: list: concatStrings (map f list);
  concatImapStrings = f: list: concatStrings (lib.imap1 f list);
  concatMapStringsSep = sep: f: list: concatStringsSep sep (map f list);
  concatImapStringsSep = sep: f: list: concatStringsSep sep (lib.imap1 f list);
  concatMapAttrsStringSep = sep: f: set: concatStringsSep sep (lib.mapAttrsToList f set);
  concatLines = concatMapStrings (line: line + "\n");
  intersperse = sep: list:
    if list == [ ] then [ ] else builtins.tail (builtins.concatMap (x: [ sep x ]) list);
  replicate = n: text: concatStrings (lib.lists.replicate n text);
  join = concatStringsSep;

  optionalString = cond: text: if cond then text else "";

  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  hasSuffix = suffix: text:
    let
      long = stringLength text;
      short = stringLength suffix;
    in
    long >= short && substring (long - short) long text == suffix;
  # Splitting at the needle is not done with a regular expression: a long text would overflow its stack.
  hasInfix = infix: text: replaceStrings [ infix ] [ "" ] text != text || infix == "";
  removePrefix = prefix: text: if hasPrefix prefix text then substring (stringLength prefix) (-1) text else text;
  removeSuffix = suffix: text: if hasSuffix suffix text then substring 0 (stringLength text - stringLength suffix) text else text;

  splitString = sep: text:
    let
      # split drops the context of a string; every piece gets it back.
      context = substring 0 0 text;
      parts = builtins.filter builtins.isString (builtins.split (lib.escapeRegex (toString sep)) (toString text));
    in
    map (part: context + part) parts;
  stringToCharacters = text: genList (at: substring at 1 text) (stringLength text);
  stringAsChars = f: text: concatStrings (map f (stringToCharacters text));

  trim = trimWith { start = true; end = true; };
  trimWith = { start ? false, end ? false }: text:
    let
      blank = " \t\r\n";
      afterStart = builtins.match "[${blank}]*(.*)" text;
      beforeEnd = rest: builtins.match "(.*[^${blank}])[${blank}]*" rest;
      left = if start then builtins.head afterStart else text;
      right = if end then (let found = beforeEnd left; in if found == null then "" else builtins.head found) else left;
    in
    right;

  fixedWidthString = width: filler: text:
    let missing = width - stringLength text; in
    if missing < 0 then
      throw "fixedWidthString: requested string length (${toString width}) must not be shorter than actual length (${toString (stringLength text)})"
    else
      replicate missing filler + text;
  fixedWidthNumber = width: n: fixedWidthString width "0" (toString n);

  commonPrefixLength = a: b: builtins.length (lib.lists.commonPrefix (stringToCharacters a) (stringToCharacters b));
  commonSuffixLength = a: b:
    builtins.length (lib.lists.commonPrefix (lib.reverseList (stringToCharacters a)) (lib.reverseList (stringToCharacters b)));

  normalizePath = collapse;
  collapse = path: let once = replaceStrings [ "//" ] [ "/" ] path; in if once == path then path else collapse once;

  makeSearchPath = dir: paths: concatStringsSep ":" (map (path: path + "/" + dir) (builtins.filter (x: x != null) paths));
  makeSearchPathOutput = output: dir: pkgs: makeSearchPath dir (map (lib.getOutput output) pkgs);
  makeBinPath = makeSearchPathOutput "bin" "bin";
  makeLibraryPath = pkgs: makeSearchPath "lib" (map lib.getLib pkgs);
  makeIncludePath = makeSearchPathOutput "dev" "include";
}
