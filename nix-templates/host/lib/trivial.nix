lib: rec {
  inherit (builtins)
    addErrorContext
    bitAnd
    bitOr
    bitXor
    ceil
    deepSeq
    floor
    fromJSON
    fromTOML

    genericClosure
    hashFile
    isBool
    isFloat
    isInt
    isPath
    lessThan
    pathExists
    placeholder
    readDir
    readFile
    seq
    toJSON
    trace
    tryEval
    unsafeGetAttrPos
    ;

  id = x: x;
  const = x: _: x;
  flip = f: a: b: f b a;
  pipe = builtins.foldl' (x: f: f x);
  concat = x: y: x ++ y;
  or = x: y: x || y;
  and = x: y: x && y;
  xor = x: y: x != y;
  add = builtins.add;
  sub = builtins.sub;
  mul = builtins.mul;
  div = builtins.div;
  mod = base: int: base - (int * (base / int));
  min = x: y: if x < y then x else y;
  max = x: y: if x > y then x else y;
  compare = a: b: if a < b then -1 else if a > b then 1 else 0;
  boolToString = b: if b then "true" else "false";
  boolToYesNo = b: if b then "yes" else "no";
  mergeAttrs = x: y: x // y;
  setType = typeName: value: value // { _type = typeName; };
  isType = typeName: value: value._type or "" == typeName;
  mapNullable = f: a: if a == null then a else f a;
  defaultTo = default: a: if a == null then default else a;

  importJSON = path: builtins.fromJSON (builtins.readFile path);
  importTOML = path: builtins.fromTOML (builtins.readFile path);

  # builtins.warn is younger than Nix 2.8.
  warn = message: builtins.trace "evaluation warning: ${message}";
  warnIf = cond: message: if cond then warn message else id;
  warnIfNot = cond: warnIf (!cond);
  throwIf = cond: message: if cond then throw message else id;
  throwIfNot = cond: throwIf (!cond);

  isFunction = f: builtins.isFunction f || (f ? __functor && isFunction (f.__functor f));
  toFunction = v: if isFunction v then v else _: v;
  setFunctionArgs = f: args: { __functor = _: f; __functionArgs = args; };
  functionArgs = f: if f ? __functor then f.__functionArgs or (functionArgs (f.__functor f)) else builtins.functionArgs f;

  toBaseDigits = base: i:
    let go = n: if n < base then [ n ] else [ (mod n base) ] ++ go (n / base);
    in lib.reverseList (go i);
  toHexString = i: lib.concatMapStrings (d: builtins.substring d 1 "0123456789ABCDEF") (toBaseDigits 16 i);

  inNixShell = builtins.getEnv "IN_NIX_SHELL" != "";
  inPureEvalMode = !builtins ? currentSystem;

  release = "25.05";
  version = "25.05-host";
  versionSuffix = "-host";
}
