# File sets as predicates on absolute paths. `toSource` leaves out directories that would be empty, as nixpkgs does.
lib:
let
  make = has: { _type = "fileset"; inherit has; };
  below = root: path: path == root || lib.hasPrefix (root + "/") path;

  coerce = value:
    if value._type or null == "fileset" then value
    else if value ? _isLibCleanSourceWith then fromSource value
    else if !builtins.isPath value then throw "lib.fileset: expected a path or a file set, got a ${builtins.typeOf value}"
    else if !builtins.pathExists value then throw "lib.fileset: ${toString value} does not exist; see lib.fileset.maybeMissing"
    else make (path: _type: below (toString value) path);

  fromSource = source:
    let
      root = toString source.origSrc;
      # A file is in a filtered source when every directory above it is, too.
      kept = path: type: path == root || (source.filter path type && kept (dirOf path) "directory");
    in
    make (path: type: below root path && kept path type);

  combine = f: a: b: let left = coerce a; right = coerce b; in make (path: type: f (left.has path type) (right.has path type));
in
rec {
  inherit fromSource;
  union = combine (a: b: a || b);
  intersection = combine (a: b: a && b);
  difference = combine (a: b: a && !b);
  unions = sets: let all = map coerce sets; in make (path: type: builtins.any (set: set.has path type) all);
  maybeMissing = path: make (other: _type: below (toString path) other);
  fileFilter = predicate: root:
    make (path: type:
      let name = baseNameOf path; in
      below (toString root) path
      && predicate { inherit name type; hasExt = ext: lib.hasSuffix ".${ext}" name; });

  toSource = { root, fileset }:
    let
      set = coerce fileset;
      anyBelow = dir:
        let entries = builtins.readDir dir; in
        builtins.any (name: wanted "${dir}/${name}" entries.${name}) (builtins.attrNames entries);
      wanted = path: type: if type == "directory" then anyBelow path else set.has path type;
    in
    if !builtins.isPath root then throw "lib.fileset.toSource: `root` must be a path, got a ${builtins.typeOf root}"
    else lib.cleanSourceWith { name = "source"; src = root; filter = path: type: wanted (toString path) type; };
}
