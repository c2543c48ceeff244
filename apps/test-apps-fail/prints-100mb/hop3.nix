{ pkgs ? import <nixpkgs> { } }:
let
  # 100 MB of lines on the build's output, then a site as usual.
  site = pkgs.runCommand "prints-100mb-site" { } ''
    head -c 100000000 /dev/zero | tr '\0' 'x' | fold -w 99
    mkdir -p $out
    echo "a lot was said" > $out/index.html
  '';
in
{
  package = pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { workers.static = "${site}"; });
}
