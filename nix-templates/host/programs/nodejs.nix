# Node.js: one version, the machine's. The attributes with a number build only where the number is right.
{ lib, link }:
let
  node = major: link {
    pname = if major == null then "nodejs" else "nodejs_${major}";
    apt = "nodejs";
    mainProgram = "node";
    programs = [ "node" ];
    optionalPrograms = [ "npm" "npx" "corepack" ];
    check = ''
      # What node-gyp compiles against; NodeSource's package has it here.
      if [ -d /usr/include/node ]; then mkdir -p "$out/include" && ln -s /usr/include/node "$out/include/node"; fi
    '' + lib.optionalString (major != null) ''
      have="$("$out/bin/node" --version)"
      if [[ "$have" != v${major}.* ]]; then
        refuse "this machine has Node.js $have; use nodejs_''${have:1:2} or nodejs, install Node.js ${major}, or use a real nixpkgs"
      fi
    '';
    meta.homepage = "https://nodejs.org";
  };
in
{
  nodejs = node null;
  nodejs-slim = node null;
}
// lib.listToAttrs (map (major: lib.nameValuePair "nodejs_${major}" (node major)) [ "18" "20" "22" "24" "26" ])
