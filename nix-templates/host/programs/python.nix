# Python: Debian's, with the modules of Debian's packages.
{ lib, system, link, distribution }:
let
  modules = import ./python-modules.nix { inherit lib; };

  # One environment for a list of modules: a virtual environment that sees the distribution's modules, with the commands of
  # the modules that were asked for. Missing modules are told all at once.
  environment = name: selected:
    builtins.derivation {
      inherit name system;
      builder = "/bin/bash";
      args = [ "-c" ''/usr/bin/python3 -I ${./python-environment.py} "$wantedPath" "$out" || exit 1; exit 0'' ];
      wanted = builtins.toJSON (map (module: module.hostModule) (closure selected));
      passAsFile = [ "wanted" ];
      preferLocalBuild = true;
      allowSubstitutes = false;
    };

  closure = selected:
    map (module:
      if module ? hostModule then module
      else throw "python3.withPackages: ${module.name or "a package"} is not a module of the host package set; use a real nixpkgs")
      (builtins.filter (module: module != null) (lib.flatten selected));

  moduleSet = python: lib.mapAttrs
    (attr: facts:
      let hostModule = { inherit attr; } // facts; in
      environment "python3-${attr}-host" [ { inherit hostModule; } ] // {
        inherit hostModule;
        pname = attr;
        version = "host";
        pythonModule = python;
        meta = { platforms = lib.platforms.linux; };
      })
    modules;

  make = { attr, minor }:
    let
      version = if minor == null then distribution.python else minor;
      pkgs = moduleSet python // { inherit python; pythonOlder = lib.versionOlder version; pythonAtLeast = lib.versionAtLeast version; };
      extras = {
        inherit pkgs;
        pythonVersion = version;
        executable = "python${version}";
        libPrefix = "python${version}";
        sitePackages = "lib/python${version}/site-packages";
        isPy3 = true;
        implementation = "cpython";
        withPackages = select:
          let env = environment "python3-env-host" (select pkgs); in
          env // extras // {
            interpreter = "${env}/bin/python3";
            inherit python;
            meta.mainProgram = "python3";
          };
        interpreter = "${python}/bin/python3";
      };
      python = link {
        pname = attr;
        apt = if minor == null then "python3" else "python${minor}";
        mainProgram = "python3";
        programs = lib.optionals (minor == null) [ "python3" { python = [ "python3" ]; } ];
        optionalPrograms = lib.optionals (minor != null)
          [ { python3 = [ "python${minor}" ]; } { python = [ "python${minor}" ]; } "python${minor}" ];
        check = lib.optionalString (minor != null) ''
          # Debian's modules are for its own Python alone, and it has no package of another.
          have="$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" || refuse "apt-get install python3, or use a real nixpkgs"
          if [ "$have" != "${minor}" ]; then
            refuse "this machine's Python is $have, and its modules are for that one; use python3, or a real nixpkgs"
          fi
        '';
        passthru = extras;
      };
    in
    python;

  numbered = minor: lib.nameValuePair "python${lib.replaceStrings [ "." ] [ "" ] minor}"
    (make { attr = "python${lib.replaceStrings [ "." ] [ "" ] minor}"; inherit minor; });
  python3 = make { attr = "python3"; minor = null; };
  versions = lib.listToAttrs (map numbered [ "3.9" "3.10" "3.11" "3.12" "3.13" "3.14" ]);
in
versions
// { inherit python3; python = python3; python3Packages = python3.pkgs; }
// lib.mapAttrs' (name: python: lib.nameValuePair "${name}Packages" python.pkgs) versions
