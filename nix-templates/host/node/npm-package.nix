# buildNpmPackage, with nixpkgs' arguments.
{ lib, stdenv, fetchNpmDeps, npmHooks, nodejs }:
let
  build = top: given: stdenv.mkDerivation (finalAttrs:
    let
      args = if lib.isFunction given then given finalAttrs else given;
      node = args.nodejs or top.nodejs;
      hooks = npmHooks.override { nodejs = node; };
      name = args.name or "${args.pname}-${args.version}";
      fromSource = lib.getAttrs (builtins.filter (key: args ? ${key}) [
        "src" "srcs" "sourceRoot" "prePatch" "patches" "postPatch" "patchFlags" "forceGitDeps" "forceEmptyCache"
      ]) args;
      hook = key: if args.${key} or null != null then args.${key} else hooks.${key};
    in
    builtins.removeAttrs args [ "nodejs" "npmConfigHook" "npmBuildHook" "npmInstallHook" ] // {
      npmDeps = args.npmDeps or (fetchNpmDeps (fromSource // {
        name = "${name}-npm-deps";
        hash = args.npmDepsHash or "";
        fetcherVersion = args.npmDepsFetcherVersion or 1;
      }));
      npmBuildScript = args.npmBuildScript or "build";
      nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [ node (hook "npmConfigHook") (hook "npmBuildHook") (hook "npmInstallHook") ];
      buildInputs = args.buildInputs or [ ] ++ [ node ];
      meta = { platforms = lib.platforms.linux; } // args.meta or { };
    });

  overridable = top: {
    __functor = _: build top;
    override = change: overridable (top // (if lib.isFunction change then change top else change));
  };
in
overridable { inherit nodejs; }
