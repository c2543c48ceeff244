lib: rec {
  # Calls `f` and adds `.override`, which calls it again with changed arguments.
  makeOverridable = f: lib.setFunctionArgs
    (args:
      let
        result = f args;
        changed = new: args // (if lib.isFunction new then new args else new);
      in
      if builtins.isAttrs result then
        result // {
          override = new: makeOverridable f (changed new);
          overrideDerivation = _: throw "overrideDerivation is not in this package set; use overrideAttrs";
        } // lib.optionalAttrs (result ? overrideAttrs) {
          overrideAttrs = change: makeOverridable (again: (f again).overrideAttrs change) args;
        }
      else
        result)
    (lib.functionArgs f);

  callPackageWith = scope: fn: args:
    let
      f = if lib.isFunction fn then fn else import fn;
      wanted = lib.functionArgs f;
      given = builtins.intersectAttrs wanted scope // args;
      missing = builtins.filter (name: !wanted.${name} && !given ? ${name}) (builtins.attrNames wanted);
    in
    if missing == [ ] then makeOverridable f given
    else throw "Function called without required argument ${lib.concatMapStringsSep ", " (n: "\"${n}\"") missing}: the host package set has no such attribute";
  callPackagesWith = scope: fn: args:
    let f = if lib.isFunction fn then fn else import fn; in
    f (builtins.intersectAttrs (lib.functionArgs f) scope // args);

  makeScope = newScope: f:
    let
      self = f self // {
        newScope = extra: newScope (self // extra);
        callPackage = self.newScope { };
        overrideScope = overlay: makeScope newScope (lib.extends overlay f);
        packages = f;
      };
    in
    self;
}
