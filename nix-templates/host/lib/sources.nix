lib: rec {
  inherit (lib.filesystem) pathType pathIsDirectory pathIsRegularFile;

  # Version control, editors' leavings, objects, links to builds and sockets.
  cleanSourceFilter = path: type:
    let name = baseNameOf (toString path); in
    !(
      (type == "directory" && builtins.elem name [ ".git" ".svn" "CVS" ".hg" ".jj" ".pijul" "_darcs" ])
      || (type == "regular" && name == ".git")
      || lib.hasSuffix "~" name
      || builtins.match "^\\.sw[a-z]$" name != null
      || builtins.match "^\\..*\\.sw[a-z]$" name != null
      || lib.hasSuffix ".o" name
      || lib.hasSuffix ".so" name
      || (type == "symlink" && lib.hasPrefix "result" name)
      || type == "unknown"
    );
  cleanSource = src: cleanSourceWith { filter = cleanSourceFilter; inherit src; };

  # A source that was filtered before is filtered further, from its original directory.
  cleanSourceWith = { filter ? _path: _type: true, src, name ? null }:
    let
      filtered = src ? _isLibCleanSourceWith;
      origSrc = if filtered then src.origSrc else src;
      keep = if filtered then path: type: src.filter path type && filter path type else filter;
      finalName = if name != null then name else if filtered then src.name else "source";
      outPath = builtins.path { filter = keep; path = origSrc; name = finalName; };
    in
    { _isLibCleanSourceWith = true; inherit origSrc outPath; filter = keep; name = finalName; __toString = _: outPath; };

  sourceByRegex = src: regexes:
    let root = toString (src.origSrc or src); in
    cleanSourceWith {
      inherit src;
      filter = path: _type:
        let relative = lib.removePrefix (root + "/") (toString path); in
        builtins.any (regex: builtins.match regex relative != null) regexes;
    };
  sourceFilesBySuffices = src: suffices:
    cleanSourceWith {
      inherit src;
      filter = path: type: type == "directory" || builtins.any (suffix: lib.hasSuffix suffix (baseNameOf path)) suffices;
    };
}
