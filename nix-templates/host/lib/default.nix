# The part of nixpkgs' `lib` that application files use, written for this package set and for Nix 2.8.
# Like nixpkgs' own it is an attribute set: `import <nixpkgs/lib>` works too.
let
  load = file: import file lib;

  parts = {
    trivial = load ./trivial.nix;
    fixedPoints = load ./fixed-points.nix;
    attrsets = load ./attrsets.nix;
    lists = load ./lists.nix;
    strings = load ./strings.nix // load ./escaping.nix // load ./conversion.nix;
    versions = load ./versions.nix;
    meta = load ./meta.nix;
    licenses = import ./licenses.nix;
    platforms = load ./platforms.nix;
    systems = load ./systems.nix;
    sources = load ./sources.nix;
    fileset = load ./fileset.nix;
    filesystem = load ./filesystem.nix;
    path = load ./path.nix;
    customisation = load ./customisation.nix;
    generators = load ./generators.nix;
    asserts = load ./asserts.nix;
    debug = load ./debug.nix;
    fetchers = load ./fetchers.nix;
    maintainers = { };
    teams = { };
    sourceTypes = load ./source-types.nix;
  };

  onlyInStrings = [
    "charToInt" "collapse" "commonPrefixLength" "commonSuffixLength" "escapeC" "escapeNixIdentifier" "escapeNixString"
    "floatToString" "isAsciiPrintable" "isConvertibleWithToString" "normalizePath" "replicate" "sanitizeDerivationName"
  ];

  # `hasPrefix` and `removePrefix` of lists, and `replicate` of strings, have namesakes; nixpkgs' choice is kept.
  flat =
    parts.trivial
    // parts.fixedPoints
    // parts.attrsets
    // removeAttrs parts.lists [ "commonPrefix" "findFirstIndex" "hasPrefix" "removePrefix" ]
    // removeAttrs parts.strings onlyInStrings
    // parts.meta
    // parts.customisation
    // parts.asserts
    // parts.debug
    // removeAttrs parts.sources [ "pathType" "pathIsDirectory" "pathIsRegularFile" ]
    // {
      inherit (parts.filesystem) pathType pathIsDirectory pathIsRegularFile;
      inherit (parts.fetchers) fakeHash fakeSha256 fakeSha512;
    };

  lib = flat // parts // { inherit lib; };
in
removeAttrs lib [ "lib" ]
