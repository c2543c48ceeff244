# Downloads, as fixed-output derivations: only these have the network in the sandbox, and the hash decides what is accepted.
{ lib, stdenvNoCC }:
let
  # The first of the ways nixpkgs takes a hash. An empty one makes Nix print the right one.
  hashOf = args:
    if args.hash or "" != "" then { outputHash = args.hash; outputHashAlgo = null; }
    else if args ? outputHash && args.outputHash != "" then { inherit (args) outputHash; outputHashAlgo = args.outputHashAlgo or null; }
    else
      let given = builtins.filter (algo: args.${algo} or "" != "") [ "sha512" "sha256" "sha1" "md5" ]; in
      if given == [ ] then { outputHash = lib.fakeHash; outputHashAlgo = null; }
      else { outputHash = args.${builtins.head given}; outputHashAlgo = builtins.head given; };

  # nixpkgs names a file by the last part of its URL.
  urlName = url: lib.strings.sanitizeDerivationName (baseNameOf (toString url));

  download =
    args@{ url ? ""
    , urls ? [ ]
    , name ? ""
    , pname ? null
    , version ? null
    , curlOpts ? ""
    , curlOptsList ? [ ]
    , postFetch ? ""
    , downloadToTemp ? false
    , recursiveHash ? false
    , executable ? false
    , nativeBuildInputs ? [ ]
    , meta ? { }
    , passthru ? { }
    , ...
    }:
    let
      all = if urls != [ ] then urls else [ url ];
      first = toString (builtins.head all);
    in
    assert lib.assertMsg (first != "") "fetchurl: give `url`";
    assert lib.assertMsg (!lib.hasPrefix "mirror://" first) "fetchurl: the host package set knows no mirror:// lists; give the full URL instead of ${first}";
    stdenvNoCC.mkDerivation ({
      name = if name != "" then name else if pname != null then "${pname}-${toString version}" else urlName first;
      urls = all;
      inherit curlOpts postFetch downloadToTemp executable nativeBuildInputs meta;
      curlOptions = lib.escapeShellArgs curlOptsList;
      outputHashMode = if recursiveHash || executable then "recursive" else "flat";
      impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ [ "NIX_CURL_FLAGS" ];
      preferLocalBuild = true;
      buildCommand = ". ${./fetch.sh}";
      passthru = { url = first; urls = all; } // passthru;
    } // hashOf args);

  unpacked =
    args@{ url ? "", urls ? [ ], name ? "source", extension ? null, stripRoot ? true, postFetch ? "", nativeBuildInputs ? [ ], ... }:
    let
      first = if url != "" then url else builtins.head urls;
      archive = if extension == null then baseNameOf first else "archive.${extension}";
    in
    download (builtins.removeAttrs args [ "stripRoot" "extension" "extraPostFetch" ] // {
      inherit name;
      downloadToTemp = true;
      recursiveHash = true;
      postFetch = ''
        archiveName=${lib.escapeShellArg archive}
        stripRoot=${lib.optionalString stripRoot "1"}
        . ${./fetch-unpack.sh}
        ${postFetch}
      '';
    });
in
{
  fetchurl = lib.makeOverridable download;
  fetchzip = lib.makeOverridable unpacked;
  fetchTarball = unpacked;

  fetchFromGitHub = { owner, repo, rev ? null, tag ? null, name ? "source", ... }@args:
    let
      what = if tag != null then "refs/tags/${tag}" else rev;
    in
    assert lib.assertMsg (!(args.fetchSubmodules or false || args.leaveDotGit or false || args.deepClone or false))
      "fetchFromGitHub: the host package set fetches archives only (no submodules, no .git); use a real nixpkgs";
    unpacked (builtins.removeAttrs args [ "owner" "repo" "rev" "tag" "fetchSubmodules" "leaveDotGit" "deepClone" "githubBase" ] // {
      inherit name;
      url = "https://${args.githubBase or "github.com"}/${owner}/${repo}/archive/${what}.tar.gz";
      passthru = { inherit owner repo rev tag; } // args.passthru or { };
    });
}
