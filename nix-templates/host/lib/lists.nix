lib:
let
  inherit (builtins) elem elemAt filter foldl' genList head isList length;
in
rec {
  inherit (builtins) all any concatLists concatMap elem elemAt filter foldl' genList groupBy head isList length map partition sort tail;

  singleton = x: [ x ];
  forEach = xs: f: map f xs;
  toList = x: if isList x then x else [ x ];
  optional = cond: x: if cond then [ x ] else [ ];
  optionals = cond: xs: if cond then xs else [ ];

  foldr = op: nul: list:
    let
      count = length list;
      go = n: if n == count then nul else op (elemAt list n) (go (n + 1));
    in
    go 0;
  fold = foldr;
  foldl = op: nul: list:
    let go = n: if n == -1 then nul else op (go (n - 1)) (elemAt list n); in
    go (length list - 1);

  imap0 = f: list: genList (n: f n (elemAt list n)) (length list);
  imap1 = f: list: genList (n: f (n + 1) (elemAt list n)) (length list);
  ifilter0 = keep: list: map (n: elemAt list n) (filter (n: keep n (elemAt list n)) (genList (n: n) (length list)));
  flatten = x: if isList x then builtins.concatMap flatten x else [ x ];
  remove = x: filter (y: y != x);

  findFirstIndex = pred: default: list:
    let
      found = foldl' (at: x: if at < 0 then (if pred x then -at - 1 else at - 1) else at) (-1) list;
    in
    if found < 0 then default else found;
  findFirst = pred: default: list:
    let at = findFirstIndex pred null list; in if at == null then default else elemAt list at;
  findSingle = pred: default: multiple: list:
    let found = filter pred list; in
    if found == [ ] then default else if length found == 1 then head found else multiple;
  count = pred: foldl' (n: x: if pred x then n + 1 else n) 0;

  range = first: last: if first > last then [ ] else genList (n: first + n) (last - first + 1);
  replicate = n: x: genList (_: x) n;
  groupBy' = op: nul: pred: list: builtins.mapAttrs (_: foldl op nul) (builtins.groupBy pred list);

  zipListsWith = f: a: b: genList (n: f (elemAt a n) (elemAt b n)) (lib.min (length a) (length b));
  zipLists = zipListsWith (fst: snd: { inherit fst snd; });
  reverseList = list: let n = length list; in genList (i: elemAt list (n - i - 1)) n;

  sortOn = f: list: map (p: p.value) (builtins.sort (a: b: a.key < b.key) (map (value: { inherit value; key = f value; }) list));
  compareLists = cmp: a: b:
    if a == [ ] then (if b == [ ] then 0 else -1)
    else if b == [ ] then 1
    else let order = cmp (head a) (head b); in if order == 0 then compareLists cmp (builtins.tail a) (builtins.tail b) else order;
  naturalSort = list:
    let
      key = text: map (x: if isList x then lib.toIntBase10 (head x) else x) (filter (x: x != "") (builtins.split "([0-9]+)" text));
      # A number never meets a text at the same place with the same prefix, except where one of the two begins there.
      order = a: b: if builtins.typeOf a == builtins.typeOf b then lib.compare a b else if builtins.isInt a then -1 else 1;
    in
    map (p: p.value) (builtins.sort (a: b: compareLists order a.key b.key < 0) (map (value: { inherit value; key = key value; }) list));

  sublist = start: n: list:
    let len = length list; in
    genList (i: elemAt list (start + i)) (lib.max 0 (lib.min n (len - start)));
  take = sublist 0;
  takeEnd = n: list: drop (length list - n) list;
  drop = n: list: sublist (lib.max 0 n) (length list) list;
  dropEnd = n: list: take (length list - n) list;
  last = list: if list == [ ] then throw "lists.last: list must not be empty!" else elemAt list (length list - 1);
  init = list: if list == [ ] then throw "lists.init: list must not be empty!" else take (length list - 1) list;
  hasPrefix = prefix: list: take (length prefix) list == prefix;
  removePrefix = prefix: list:
    if hasPrefix prefix list then drop (length prefix) list else throw "lists.removePrefix: first argument is not a list prefix of the second argument";
  commonPrefix = a: b:
    let
      same = zipListsWith (x: y: x == y) a b;
      n = findFirstIndex (x: !x) (length same) same;
    in
    take n a;

  unique = foldl' (out: x: if elem x out then out else out ++ [ x ]) [ ];
  uniqueStrings = list: builtins.attrNames (lib.genAttrs list (_: null));
  allUnique = list: length (unique list) == length list;
  intersectLists = a: filter (x: elem x a);
  subtractLists = a: filter (x: !(elem x a));
  mutuallyExclusive = a: b: !(builtins.any (x: elem x a) b);
  crossLists = f: foldl (fs: args: builtins.concatMap (g: map g args) fs) [ f ];
}
