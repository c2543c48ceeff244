# buildGoModule, with nixpkgs' arguments: a fixed-output derivation fetches the modules, another compiles them offline.
{ lib, stdenv, go, git, cacert, makeSetupHook }:
let
  hook = makeSetupHook { name = "go-module-hook-host"; } ./module.sh;

  build = { go }: given: stdenv.mkDerivation (finalAttrs:
    let
      args = if lib.isFunction given then given finalAttrs else given;
      flag = value: if value then "1" else "";
      vendored = finalAttrs.vendorHash == null;
      goFlags = args.GOFLAGS or [ ];
    in
    builtins.removeAttrs args [ "overrideModAttrs" "GOFLAGS" ] // {
      vendorHash = args.vendorHash or (throw (
        if args ? vendorSha256 then "buildGoModule: Expect vendorHash instead of vendorSha256"
        else "buildGoModule: vendorHash is missing"
      ));
      modRoot = args.modRoot or "./";
      deleteVendor = args.deleteVendor or false;
      proxyVendor = args.proxyVendor or false;
      allowGoReference = args.allowGoReference or false;
      goSum = args.goSum or null;
      goModules = if vendored then "" else fetchModules go finalAttrs args;

      nativeBuildInputs = [ go hook ] ++ args.nativeBuildInputs or [ ];
      enableParallelBuilding = args.enableParallelBuilding or true;
      # An empty build id, unless one is given: it would differ from build to build.
      ldflags = args.ldflags or [ ] ++ lib.optional (!lib.any (lib.hasPrefix "-buildid=") (args.ldflags or [ ])) "-buildid=";

      env = args.env or { } // {
        inherit (go) GOOS GOARCH;
        GO111MODULE = "on";
        GOTOOLCHAIN = "local";
        # Without one the hook decides: cgo where the machine has a C compiler.
        CGO_ENABLED = if args ? env.CGO_ENABLED then toString args.env.CGO_ENABLED else null;
        GOFLAGS = toString (goFlags
          ++ lib.optional (!finalAttrs.proxyVendor) "-mod=vendor"
          ++ lib.optional (!finalAttrs.allowGoReference) "-trimpath");
      };

      configurePhase = args.configurePhase or "goConfigurePhase";
      buildPhase = args.buildPhase or "goBuildPhase";
      doCheck = args.doCheck or true;
      checkPhase = args.checkPhase or "goCheckPhase";
      installPhase = args.installPhase or "goInstallPhase";
      disallowedReferences = lib.optional (!finalAttrs.allowGoReference) go;

      passthru = { inherit go; overrideModAttrs = lib.toExtension (args.overrideModAttrs or { }); } // args.passthru or { };
      meta = { platforms = lib.platforms.linux; } // args.meta or { };
    });

  # The name is nixpkgs', and so is what of the package's own attributes takes part.
  fetchModules = go: finalAttrs: args:
    let
      name = "${finalAttrs.name or "${finalAttrs.pname}-${finalAttrs.version}"}-go-modules";
      suffix = lib.optionalString (finalAttrs.goSum != null)
        "-${lib.removeSuffix "-go.sum" (lib.removePrefix "${builtins.storeDir}/" finalAttrs.goSum)}";
    in
    (stdenv.mkDerivation {
      name = name + suffix;
      nativeBuildInputs = finalAttrs.nativeBuildInputs or [ ] ++ [ git cacert ];
      inherit (finalAttrs) src modRoot goSum deleteVendor proxyVendor;
      prePatch = finalAttrs.prePatch or "";
      patches = finalAttrs.patches or [ ];
      patchFlags = finalAttrs.patchFlags or [ ];
      postPatch = finalAttrs.postPatch or "";
      preBuild = finalAttrs.preBuild or "";
      postBuild = finalAttrs.modPostBuild or "";
      sourceRoot = finalAttrs.sourceRoot or "";
      setSourceRoot = finalAttrs.setSourceRoot or "";
      env = finalAttrs.env or { };
      impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ [ "GIT_PROXY_COMMAND" "SOCKS_SERVER" "GOPROXY" ];
      configurePhase = args.modConfigurePhase or "goModulesConfigurePhase";
      buildPhase = args.modBuildPhase or "goModulesBuildPhase";
      installPhase = args.modInstallPhase or "goModulesInstallPhase";
      dontFixup = true;
      outputHashMode = "recursive";
      outputHash = finalAttrs.vendorHash;
      outputHashAlgo = if finalAttrs.vendorHash == "" then "sha256" else null;
    }).overrideAttrs finalAttrs.passthru.overrideModAttrs;

  overridable = arguments: {
    __functor = _: build arguments;
    override = change: overridable (arguments // (if lib.isFunction change then change arguments else change));
  };
in
overridable { inherit go; }
