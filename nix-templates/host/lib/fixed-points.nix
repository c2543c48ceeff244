lib: rec {
  fix = f: let x = f x; in x;
  fix' = f: let x = f x // { __unfix__ = f; }; in x;
  converge = f: x: let next = f x; in if next == x then x else converge f next;

  extends = overlay: f: final: let prev = f final; in prev // overlay final prev;
  composeExtensions = f: g: final: prev:
    let
      fromF = f final prev;
      fromG = g final (prev // fromF);
    in
    fromF // fromG;
  composeManyExtensions = lib.foldr composeExtensions (_: _: { });

  # What overrideAttrs takes: an attribute set, `prev: {...}` or `final: prev: {...}`.
  toExtension = f:
    if lib.isFunction f then
      final: prev: let once = f prev; in if lib.isFunction once then f final prev else once
    else
      _: _: f;

  makeExtensible = makeExtensibleWithCustomName "extend";
  makeExtensibleWithCustomName = name: f:
    fix' (self: f self // {
      ${name} = overlay: makeExtensibleWithCustomName name (extends overlay f);
    });
}
