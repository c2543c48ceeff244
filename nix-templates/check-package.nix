# What a package of the package set says of itself, for `hop3 nix check`. `path` is its attribute path, as a list of names.
# Evaluated only: nothing is built. A package that was removed throws its own explanation, which nix prints.
{ path }:

let
  pkgs = import <nixpkgs> { config = { }; overlays = [ ]; };

  find =
    value: rest:
    let
      name = builtins.head rest;
      # A package has others inside: vaultwarden.webvault, python3.pkgs.
      named = builtins.isAttrs value;
    in
    if rest == [ ] then
      describe value
    else if named && value ? ${name} then
      find value.${name} (builtins.tail rest)
    else
      {
        kind = "missing";
        inherit name;
        left = builtins.length rest;
        names = if named then builtins.attrNames value else [ ];
      };

  isPackage = value: (value.type or null) == "derivation";

  describe =
    value:
    if !(builtins.isAttrs value) then
      { kind = builtins.typeOf value; }
    else if isPackage value then
      package value
    else if value ? __functor then
      { kind = "lambda"; }
    else
      {
        kind = "set";
        names = builtins.attrNames value;
      };

  # A field that cannot be evaluated counts as not given: what matters is the rest.
  given =
    default: value:
    let
      tried = builtins.tryEval (builtins.deepSeq value value);
    in
    if tried.success then tried.value else default;

  text = value: if builtins.isString value then value else null;
  texts = value: builtins.filter builtins.isString (if builtins.isList value then value else [ value ]);
  listed = value: if builtins.isList value then value else [ value ];

  package =
    value:
    let
      meta = value.meta or { };
      from = meta.sourceProvenance or [ ];
    in
    {
      kind = "package";
      name = given "" value.name;
      version = given null (text (value.version or null));
      description = given null (text (meta.description or null));
      mainProgram = given null (text (meta.mainProgram or null));
      programsFrom = given null (text (value.bin.outPath or value.outPath or null));
      broken = given false (meta.broken or false);
      insecure = given false (meta.insecure or ((meta.knownVulnerabilities or [ ]) != [ ]));
      unfree = given false (meta.unfree or false);
      unsupported = given false (meta.unsupported or false);
      vulnerabilities = given [ ] (texts (meta.knownVulnerabilities or [ ]));
      licenses = given [ ] (map (one: one.spdxId or one.shortName or one.fullName or "unnamed") (builtins.filter builtins.isAttrs (listed (meta.license or [ ]))));
      # Kinds of what upstream has prebuilt and nixpkgs takes as it is.
      prebuilt = given [ ] (map (one: one.shortName or "unknown") (builtins.filter (one: !(one.isSource or true)) from));
    };
in
find pkgs path
