# importNpmLock: every package of a package-lock.json by the hash that the lock file has, so that no other hash is needed.
{ lib, runCommand, fetchurl, npmHooks }:
let
  # A package of a registry is taken from the one that the .npmrc beside the lock file names; the hash decides what is accepted.
  ownRegistry = root:
    let
      lines = if root != null && builtins.pathExists (root + "/.npmrc") then lib.splitString "\n" (builtins.readFile (root + "/.npmrc")) else [ ];
      found = builtins.filter (match: match != null) (map (builtins.match "[[:space:]]*registry[[:space:]]*=[[:space:]]*\"?([^\"[:space:]]+)/?\"?[[:space:]]*") lines);
    in
    if found == [ ] then null else lib.removeSuffix "/" (builtins.head (builtins.head found));

  strongest = integrity:
    let
      all = lib.splitString " " integrity;
      ofKind = algorithm: builtins.filter (lib.hasPrefix "${algorithm}-") all;
    in
    builtins.head (lib.concatMap ofKind [ "sha512" "sha384" "sha256" "sha1" ]);

  deps = { npmRoot ? null, package ? null, packageLock ? lib.importJSON (npmRoot + "/package-lock.json"), pname ? "npm", version ? "0", fetcherOpts ? { }, ... }:
    let
      registry = ownRegistry npmRoot;
      address = path: entry:
        let name = entry.name or (lib.last (lib.splitString "node_modules/" path)); in
        entry.resolved or (
          if registry != null then "${registry}/${name}/-/${baseNameOf name}-${entry.version}.tgz"
          else throw "importNpmLock: package-lock.json says not where ${path} comes from: run npm install with omit-lockfile-registry-resolved=false, or name the registry in a .npmrc beside it"
        );
      mirrored = url:
        let registryPath = builtins.match "https?://[^/]+(/(@[^/]+/)?[^/]+/-/[^/]+)" url; in
        if registry == null || registryPath == null then url else registry + builtins.head registryPath;
      wanted = lib.filterAttrs
        (path: entry: lib.hasInfix "node_modules/" path && !(entry.link or false) && !(entry.inBundle or false))
        packageLock.packages;
      fetch = path: entry:
        let
          url = address path entry;
          hash = strongest (entry.integrity or (throw "importNpmLock: ${path} has no hash in package-lock.json"));
        in
        if builtins.match "https?://.*" url == null
        then throw "importNpmLock: ${path} comes from ${url}; the host package set fetches from registries only, use a real nixpkgs"
        else "${lib.head (lib.splitString "-" hash)} ${fetchurl ({ url = mirrored url; inherit hash; name = lib.strings.sanitizeDerivationName (baseNameOf url); } // fetcherOpts.${path} or { })}\n";
    in
    runCommand "${pname}-${version}-sources"
      {
        tarballs = lib.concatStrings (lib.mapAttrsToList fetch wanted);
        lock = builtins.toJSON packageLock;
        passAsFile = [ "tarballs" "lock" ];
      } ''
      ${if npmRoot == null then ''mkdir -p "$out"; cp "$lockPath" "$out/package-lock.json"'' else ''mkdir -p "$out"; cp ${npmRoot + "/package-lock.json"} "$out/package-lock.json"''}
      while read -r algorithm file; do
        hex="$("''${algorithm}sum" "$file")"
        hex="''${hex%% *}"
        directory="$out/_cacache/content-v2/$algorithm/''${hex:0:2}/''${hex:2:2}"
        mkdir -p "$directory"
        ln -sf "$file" "$directory/''${hex:4}"
      done < "$tarballsPath"
    '';
in
{
  __functor = _: deps;
  importNpmLock = deps;
  inherit (npmHooks) npmConfigHook;
}
