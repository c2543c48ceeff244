# Several outputs as one tree of links.
{ lib, runCommand }:
let
  mapPaths = entries: if builtins.isAttrs entries then lib.mapAttrsToList (name: path: { inherit name path; }) entries else entries;

  # Directories are made, everything else is linked. What is there already stays; `collide` says what then.
  linkTree = ''
    linkTree() { # FROM TO
      local from="$1" to="$2" entry
      while IFS= read -r -d "" entry; do
        if [ -d "$from/$entry" ] && [ ! -L "$from/$entry" ]; then
          # A file or link of another package in this place is a collision, too.
          if [ -e "$to/$entry" ] && { [ ! -d "$to/$entry" ] || [ -L "$to/$entry" ]; }; then collide "$to/$entry" "$from/$entry"; continue; fi
          mkdir -p "$to/$entry"
        elif [ -e "$to/$entry" ] || [ -L "$to/$entry" ]; then
          collide "$to/$entry" "$from/$entry"
        else
          mkdir -p "$(dirname "$to/$entry")"
          ln -s "$from/$entry" "$to/$entry"
        fi
      done < <(cd "$from" && find . -mindepth 1 -printf '%P\0' | sort -z)
    }
  '';
in
rec {
  # The first of the paths wins where two have the same file.
  symlinkJoin =
    args@{ name ? "${args.pname}-${args.version}"
    , paths
    , stripPrefix ? ""
    , preferLocalBuild ? true
    , allowSubstitutes ? false
    , postBuild ? ""
    , failOnMissing ? stripPrefix == ""
    , ...
    }:
    runCommand name
      (builtins.removeAttrs args [ "name" "postBuild" "stripPrefix" "paths" "failOnMissing" ] // {
        paths = map (path: "${path}${stripPrefix}") (lib.flatten paths);
        inherit preferLocalBuild allowSubstitutes;
      })
      ''
        ${linkTree}
        collide() { :; }
        mkdir -p "$out"
        for path in $paths; do
          if [ -d "$path" ]; then linkTree "$path" "$out"; elif [ -n "${lib.optionalString failOnMissing "1"}" ]; then echo "$path is not a directory" >&2; exit 1; fi
        done
        ${postBuild}
      '';

  # Two different files with one name are an error.
  buildEnv =
    lib.makeOverridable (
      { name ? "env"
      , paths
      , pathsToLink ? [ "/" ]
      , extraPrefix ? ""
      , ignoreCollisions ? false
      , checkCollisionContents ? true
      , postBuild ? ""
      , nativeBuildInputs ? [ ]
      , buildInputs ? [ ]
      , passthru ? { }
      , meta ? { }
      , manifest ? ""
      , extraOutputsToInstall ? [ ]
      , includeClosures ? false
      }:
      runCommand name
        { inherit paths pathsToLink nativeBuildInputs buildInputs passthru meta; preferLocalBuild = true; allowSubstitutes = false; }
        ''
          ${linkTree}
          collide() {
            if [ -n "${lib.optionalString ignoreCollisions "1"}" ] || cmp -s "$1" "$2"; then return 0; fi
            echo "error: two packages have $(basename "$1"): $(readlink -f "$1") and $2" >&2
            exit 1
          }
          root="$out${extraPrefix}"
          mkdir -p "$root"
          for path in $paths; do
            for part in $pathsToLink; do
              if [ ! -d "$path$part" ]; then continue; fi
              mkdir -p "$root$part"
              linkTree "$path''${part%/}" "$root''${part%/}"
            done
          done
          ${postBuild}
        ''
    );

  linkFarm = name: entries:
    runCommand name
      { preferLocalBuild = true; allowSubstitutes = false; passthru.entries = lib.listToAttrs (map (e: lib.nameValuePair e.name e.path) (mapPaths entries)); }
      ''
        mkdir -p "$out"
        cd "$out"
        ${lib.concatMapStrings (entry: ''
          mkdir -p -- "$(dirname -- ${lib.escapeShellArg entry.name})"
          ln -s -- ${lib.escapeShellArg "${entry.path}"} ${lib.escapeShellArg entry.name}
        '') (mapPaths entries)}
      '';
  linkFarmFromDrvs = name: drvs: linkFarm name (map (drv: { inherit (drv) name; path = drv; }) drvs);
}
