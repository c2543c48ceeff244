lib:
let
  inherit (builtins) attrNames concatMap foldl' head isAttrs length listToAttrs map tail;
in
rec {
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    isAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    ;

  attrByPath = path: default: set:
    if path == [ ] then set
    else if isAttrs set && set ? ${head path} then attrByPath (tail path) default set.${head path}
    else default;
  hasAttrByPath = path: set:
    path == [ ] || (isAttrs set && set ? ${head path} && hasAttrByPath (tail path) set.${head path});
  setAttrByPath = path: value: if path == [ ] then value else { ${head path} = setAttrByPath (tail path) value; };
  getAttrFromPath = path: set:
    attrByPath path (throw "cannot find attribute '${lib.concatStringsSep "." path}'") set;
  showAttrPath = path:
    if path == [ ] then "<root attribute path>" else lib.concatMapStringsSep "." lib.strings.escapeNixIdentifier path;

  attrVals = names: set: map (name: set.${name}) names;
  getAttrs = names: set: genAttrs names (name: set.${name});
  nameValuePair = name: value: { inherit name value; };
  mapAttrs' = f: set: listToAttrs (map (name: f name set.${name}) (attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  attrsToList = mapAttrsToList nameValuePair;
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  genAttrs' = items: f: listToAttrs (map f items);
  concatMapAttrs = f: set: mergeAttrsList (mapAttrsToList f set);
  mergeAttrsList = foldl' (a: b: a // b) { };

  filterAttrs = keep: set: builtins.removeAttrs set (builtins.filter (name: !keep name set.${name}) (attrNames set));
  filterAttrsRecursive = keep: set:
    builtins.mapAttrs (_: v: if isAttrs v then filterAttrsRecursive keep v else v) (filterAttrs keep set);
  foldlAttrs = f: init: set: foldl' (acc: name: f acc name set.${name}) init (attrNames set);
  foldAttrs = op: nul: sets:
    lib.foldr (set: acc: foldl' (out: name: out // { ${name} = op set.${name} (acc.${name} or nul); }) acc (attrNames set)) { } sets;
  collect = pred: set:
    if pred set then [ set ]
    else if isAttrs set then concatMap (collect pred) (builtins.attrValues set)
    else [ ];

  cartesianProduct = set:
    foldl' (rows: name: concatMap (row: map (value: row // { ${name} = value; }) set.${name}) rows) [ { } ] (attrNames set);
  mapCartesianProduct = f: set: map f (cartesianProduct set);

  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);
  mapAttrsRecursiveCond = cond: f: set:
    let
      go = path: builtins.mapAttrs (name: value:
        if isAttrs value && cond value then go (path ++ [ name ]) value else f (path ++ [ name ]) value);
    in
    go [ ] set;

  zipAttrsWithNames = names: f: sets: genAttrs names (name: f name (builtins.catAttrs name sets));
  zipAttrsWith = builtins.zipAttrsWith;
  zipAttrs = zipAttrsWith (_: values: values);

  recursiveUpdateUntil = stop: left: right:
    let
      go = path: zipAttrsWith (name: values:
        let here = path ++ [ name ]; in
        # zipAttrsWith gives the left value first.
        if length values == 1 || stop here (head values) (head (tail values)) then lib.last values else go here values);
    in
    go [ ] [ left right ];
  recursiveUpdate = recursiveUpdateUntil (_: left: right: !(isAttrs left && isAttrs right));
  unionOfDisjoint = x: y:
    let both = attrNames (builtins.intersectAttrs x y); in
    if both == [ ] then x // y else throw "unionOfDisjoint: collision on ${lib.concatStringsSep ", " both}";
  overrideExisting = old: new: builtins.mapAttrs (name: value: new.${name} or value) old;
  matchAttrs = pattern: set:
    builtins.all (name:
      set ? ${name}
      && (if isAttrs pattern.${name} then isAttrs set.${name} && matchAttrs pattern.${name} set.${name}
          else pattern.${name} == set.${name}))
      (attrNames pattern);

  isDerivation = value: value.type or null == "derivation";
  optionalAttrs = cond: set: if cond then set else { };
  recurseIntoAttrs = set: set // { recurseForDerivations = true; };
  dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };

  getOutput = output: pkg: if !pkg ? outputSpecified || !pkg.outputSpecified then pkg.${output} or pkg.out or pkg else pkg;
  getFirstOutput = candidates: pkg:
    let found = lib.findFirst (name: pkg ? ${name}) null candidates; in
    if pkg.outputSpecified or false || found == null then pkg else pkg.${found};
  getBin = getOutput "bin";
  getLib = getFirstOutput [ "lib" "static" "out" ];
  getDev = getOutput "dev";
  getMan = getFirstOutput [ "man" "out" ];
  getInclude = getFirstOutput [ "include" "dev" "out" ];
}
