# fetchNpmDeps: the packages of a package-lock.json as the content half of an npm cache, by one hash.
{ lib, stdenvNoCC, nodejs, curl }:
args@{ name ? "npm-deps"
, hash ? ""
, forceGitDeps ? false
, forceEmptyCache ? false
, nativeBuildInputs ? [ ]
, fetcherVersion ? 1
, ...
}:
stdenvNoCC.mkDerivation (builtins.removeAttrs args [ "hash" "forceGitDeps" "fetcherVersion" "npmRegistryOverridesString" ] // {
  inherit name;
  nativeBuildInputs = nativeBuildInputs ++ [ nodejs curl ];
  impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ [ "NIX_NPM_REGISTRY" ];
  inherit forceEmptyCache;
  npmLock = "${./npm-lock.mjs}";
  buildPhase = ". ${./npm-fetch.sh}";
  dontConfigure = true;
  dontInstall = true;
  dontFixup = true;
  outputHashMode = "recursive";
  outputHash = if hash == "" then lib.fakeHash else hash;
  outputHashAlgo = null;
})
