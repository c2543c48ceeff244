# pnpm: the machine's. Debian has no package of it; npm installs it under /usr or /usr/local.
{ lib, link, self }:
let
  install = major: "npm install --global pnpm@${if major == null then "10" else major}";
  pnpm = major:
    let
      package = link {
        pname = if major == null then "pnpm" else "pnpm_${major}";
        apt = "pnpm";
        mainProgram = "pnpm";
        programs = [ ];
        optionalPrograms = [ { pnpm = [ "pnpm" "pnpm.cjs" ]; } { pnpx = [ "pnpx" "pnpx.cjs" ]; } ];
        from = [ "/usr/bin" "/usr/local/bin" "/usr/lib/node_modules/pnpm/bin" "/usr/local/lib/node_modules/pnpm/bin" ];
        check = ''
          if [ ! -e "$out/bin/pnpm" ]; then
            refuse "${install major}, or use a real nixpkgs (this machine has no program pnpm)"
          fi
          # A shim of corepack would download pnpm, and there is no network here.
          if ! have="$(cd /tmp && HOME=/tmp COREPACK_ENABLE_NETWORK=0 "$out/bin/pnpm" --version 2>/dev/null)"; then
            refuse "pnpm does not run here; ${install major}, or use a real nixpkgs"
          fi
        '' + lib.optionalString (major != null) ''
          if [[ "$have" != ${major}.* ]]; then
            refuse "this machine has pnpm $have; use pnpm_''${have%%.*} or pnpm, ${install major}, or use a real nixpkgs"
          fi
        '';
        passthru = {
          nodejs = self.nodejs;
          nodejs-slim = self.nodejs;
          # What nixpkgs had before 25.11 in place of fetchPnpmDeps and pnpmConfigHook.
          fetchDeps = args: self.fetchPnpmDeps ({ fetcherVersion = 2; } // args // { pnpm = package; });
          configHook = self.makeSetupHook { name = "pnpm-config-hook-host"; propagatedBuildInputs = [ package ]; } ./pnpm-hook.sh;
        };
        meta.homepage = "https://pnpm.io";
      };
    in
    package;
in
{ pnpm = pnpm null; }
// lib.listToAttrs (map (major: lib.nameValuePair "pnpm_${major}" (pnpm major)) [ "8" "9" "10" "11" ])
