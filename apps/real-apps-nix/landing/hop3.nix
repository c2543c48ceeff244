{ pkgs ? import <nixpkgs> { } }:
let
  # Only site/ goes into the build: a change of the README gives the same store path.
  site = pkgs.stdenvNoCC.mkDerivation {
    pname = "landing-site";
    version = "1.0.0";
    src = ./site;

    # The style sheet's address carries its hash, so browsers may keep it for good.
    buildPhase = ''
      runHook preBuild
      hash="$(sha256sum style.css | cut -c 1-12)"
      mv style.css "style.$hash.css"
      substituteInPlace index.html 404.html --replace-fail /style.css "/style.$hash.css"
      runHook postBuild
    '';

    installPhase = ''
      runHook preInstall
      mkdir -p $out
      cp -r . $out/
      runHook postInstall
    '';
  };
in
{
  # A release of files alone: no process runs, nginx serves the directory.
  package = pkgs.writeTextFile {
    name = "landing-1.0.0";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON { workers.static = "${site}"; };
  };
}
