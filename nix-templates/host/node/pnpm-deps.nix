# fetchPnpmDeps: the packages of a pnpm-lock.yaml as a pnpm store, by one hash. There is one form; fetcherVersion must be given, as
# nixpkgs wants it, and changes nothing.
{ lib, stdenvNoCC, pnpm, nodejs }:
let defaultPnpm = pnpm; in
args@{ pname
, hash ? ""
, pnpm ? defaultPnpm
, pnpmWorkspaces ? [ ]
, pnpmInstallFlags ? [ ]
, prePnpmInstall ? ""
, fetcherVersion ? null
, nativeBuildInputs ? [ ]
, impureEnvVars ? [ ]
, passthru ? { }
, ...
}:
if fetcherVersion == null then
  throw "fetchPnpmDeps: `fetcherVersion` is not set, see https://nixos.org/manual/nixpkgs/stable/#javascript-pnpm-fetcherVersion."
else
  stdenvNoCC.mkDerivation (builtins.removeAttrs args [ "hash" "pname" "pnpm" "fetcherVersion" ] // {
    name = "${pname}-pnpm-deps";
    nativeBuildInputs = [ nodejs pnpm ] ++ nativeBuildInputs;
    # The registry is that of the .npmrc beside the lock file, unless the daemon's own environment names another.
    impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ [ "NIX_NPM_REGISTRY" ] ++ impureEnvVars;
    pnpmFlags = lib.escapeShellArgs (map (name: "--filter=${name}") pnpmWorkspaces ++ lib.toList pnpmInstallFlags);
    inherit prePnpmInstall;
    tidyStore = "${./pnpm-store.mjs}";
    installPhase = ". ${./pnpm-fetch.sh}";
    dontConfigure = true;
    dontBuild = true;
    dontFixup = true;
    passthru = { inherit fetcherVersion; } // passthru;
    outputHashMode = "recursive";
    outputHash = if hash == "" then lib.fakeHash else hash;
    outputHashAlgo = null;
  })
