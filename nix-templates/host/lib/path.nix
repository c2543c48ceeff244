lib: rec {
  append = path: sub: path + ("/" + subpath.normalise sub);
  hasPrefix = prefix: path: prefix == path || lib.strings.hasPrefix (slashed prefix) (toString path);
  removePrefix = prefix: path:
    if prefix == path then "./."
    else if hasPrefix prefix path then "./" + lib.strings.removePrefix (slashed prefix) (toString path)
    else throw "lib.path.removePrefix: ${toString prefix} is not a prefix of ${toString path}";
  slashed = path: let text = toString path; in if text == "/" then text else text + "/";

  subpath = rec {
    components = text: builtins.filter (c: c != "" && c != ".") (lib.splitString "/" text);
    isValid = text: builtins.isString text && text != "" && builtins.substring 0 1 text != "/" && !(builtins.elem ".." (components text));
    normalise = text:
      if !isValid text then throw "lib.path.subpath.normalise: \"${toString text}\" is not a relative path without \"..\""
      else "./" + (let parts = components text; in if parts == [ ] then "." else lib.concatStringsSep "/" parts);
    join = parts: normalise (lib.concatStringsSep "/" ([ "." ] ++ parts));
  };
}
