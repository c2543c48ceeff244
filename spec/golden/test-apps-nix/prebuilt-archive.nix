# Rendered by Hop3 from [nix] template = "prebuilt-archive".
#
# Files of a release as its makers built it (x86_64-linux): each of [[nix.file-mappings]] is one line of installPhase.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_libraries = map pkgs.lib.getLib [
    pkgs.stdenv.cc.cc
    pkgs.zlib
    pkgs.openssl
  ];

  hop3_shell = ''
    hop3_fail() {
      echo "error: $1" >&2
      exit 1
    }

    # What a directory holds, in one line.
    hop3_names() {
      local names=("$1"/* "$1"/.[!.]*)
      echo "$(printf '%s\n' "''${names[@]:0:20}" | sed 's|.*/||' | paste -sd " ")''${names[20]:+ ...}"
    }

    hop3_enter() { # DIRECTORY of the release that holds the app
      if [ ! -d "$1" ]; then hop3_fail "[nix] source-root: the release has no directory $1. It has: $(hop3_names .)"; fi
      cd -- "$1"
    }

    # Most archives hold one directory with everything in it.
    hop3_enter_only_directory() {
      local entries=(* .[!.]*)
      if [ ''${#entries[@]} = 1 ] && [ -d "''${entries[0]}" ] && [ ! -L "''${entries[0]}" ]; then cd -- "''${entries[0]}"; fi
    }

    hop3_copy() { # SOURCE DESTINATION RECURSIVE EXECUTABLE: one of [[nix.file-mappings]]
      local found=("$1") follow=-H to="$out/$2" from target parent
      # A name as it stands comes first: a file may be called [id].js.
      if [ ! -e "$1" ]; then
        local IFS=
        found=($1)
        unset IFS
        follow=-P
      fi
      if [ ''${#found[@]} -eq 0 ] || [ ! -e "''${found[0]}" ]; then
        parent="$1"
        while [ ! -d "$parent" ]; do parent="$(dirname -- "$parent")"; done
        hop3_fail "[[nix.file-mappings]] source: the release has no $1. Its ''${parent/%./top} has: $(hop3_names "$parent")"
      fi
      if [[ "$to" = */ || ''${#found[@]} -gt 1 ]]; then mkdir -p -- "$to"; else mkdir -p -- "$(dirname -- "$to")"; fi
      for from in "''${found[@]}"; do
        if [ -d "$from" ] && [ -z "$3" ]; then hop3_fail "[[nix.file-mappings]] source: $from is a directory, and recursive is false."; fi
        target="''${to%/}"
        if [ -d "$target" ]; then target="$target/$(basename -- "$from")"; fi
        cp -R "$follow" -- "$from" "$target"
        if [ -n "$4" ]; then find "$target" -type f -exec chmod +x {} +; fi
      done
    }

    # Prints "appended" where something lies behind all that an ELF file's own tables describe, else "plain"; and "dynamic"
    # or "static".
    hop3_elf() { # FILE
      local at sizes end kind names
      read -r -a at < <(od -An -v -t u8 -w16 -j 32 -N 16 -- "$1")
      read -r -a sizes < <(od -An -v -t u2 -w10 -j 54 -N 10 -- "$1")
      # A segment is seven numbers of 8 bytes, a section eight; a section of type 8 has no bytes in the file.
      read -r end kind < <(
        {
          od -An -v -t u8 -w56 -j "''${at[0]}" -N $((56 * sizes[1])) -- "$1"
          od -An -v -t u8 -w64 -j "''${at[1]}" -N $((64 * sizes[3])) -- "$1"
        } | awk -v end=$((at[1] + 64 * sizes[3])) '
          { here = NF == 7 ? $2 + $5 : int($1 / 4294967296) == 8 ? 0 : $4 + $5; if (here > end) end = here }
          NF == 7 && $1 % 4294967296 == 2 { dynamic = 1 }
          END { printf "%.0f %s\n", end, dynamic ? "dynamic" : "static" }'
      )
      # PyInstaller and bun can keep what they append in a section; zeros at the end are padding.
      names=""
      if [ "''${sizes[3]}" -gt 0 ]; then
        read -r -a at < <(od -An -v -t u8 -w16 -j $((at[1] + 64 * sizes[4] + 24)) -N 16 -- "$1")
        names="$(dd if="$1" iflag=skip_bytes,count_bytes skip="''${at[0]}" count="''${at[1]}" status=none | tr '\0' ' ')"
      fi
      if [[ " $names " == *" pydata "* || " $names " == *" .bun "* ]] || IFS= read -r -N 1 _ < <(tail -c "+$((end + 1))" -- "$1" | tr -d '\0'); then
        echo "appended $kind"
      else
        echo "plain $kind"
      fi
    }

    # Makes the release's programs find their libraries in the store, and its scripts their interpreters. A program that
    # carries its data behind itself (deno, bun, pkg, PyInstaller, AppImage, .NET in one file) stays byte for byte as it is:
    # it reads the data from a place that it knows by number, in the file that the kernel started. So it is the machine's own
    # loader that starts it; only its libraries are checked here.
    hop3_settle() { # PROGRAM that the app starts; empty for none
      local LC_ALL=C file name start line programs=() scripts=() missing=""
      if [ -n "$1" ]; then
        if [ ! -f "$1" ]; then hop3_fail "[nix] exec-target: there is no ''${1#"$out/"}. In bin there is: $(hop3_names "$out/bin")"; fi
        chmod +x -- "$1"
      fi
      while IFS= read -r -d "" file; do
        name="''${file#"$out/"}"
        start=""
        IFS= read -r -N 4 start < "$file" || true
        if [ "$start" = $'\x7fELF' ]; then
          if [[ "$(od -An -v -t x1 -w16 -j 4 -N 16 -- "$file")" != " 02 01 "*" 3e 00" ]]; then
            if [ "$file" = "$1" ]; then hop3_fail "$name is a program for another kind of machine."; fi
            continue
          fi
          case "$(hop3_elf "$file")" in
            "plain dynamic") programs+=("$file") ;;
            "appended dynamic")
              echo "$name carries data behind its program: left as it is"
              while read -r line; do missing="$missing $line"; done < <(
                LD_TRACE_LOADED_OBJECTS=1 "$hop3Loader" --library-path "$hop3Libraries" "$file" | awk '/not found/ { print $1 }'
              )
              ;;
          esac
        elif [[ "$start" = "#!"* ]] && [ -x "$file" ] && ! IFS= read -r -d "" _ < "$file"; then
          # A script with a zero in it carries data, too. Options of env are left to env.
          IFS= read -r line < "$file" || true
          if [[ "$line" != */env\ -* && "$line" != */env\ *=* ]]; then scripts+=("$file"); fi
        elif [ "$file" = "$1" ]; then
          hop3_fail "$name is neither an ELF program nor a script."
        fi
      done < <(find "$out" -type f -print0 | sort -z)

      if [ ''${#scripts[@]} -gt 0 ]; then patchShebangs --host "''${scripts[@]}"; fi
      if [ ''${#programs[@]} -gt 0 ]; then
        addAutoPatchelfSearchPath "$out"
        if ! autoPatchelf -- "''${programs[@]}" | tee "$TMPDIR/hop3-libraries"; then
          line="$(sed -n 's/^error: auto-patchelf could not satisfy dependency \([^ ]*\) wanted by .*/\1/p' "$TMPDIR/hop3-libraries")"
          # Without a name it has said itself what it lacks.
          if [ -z "$line" ]; then exit 1; fi
          missing="$missing $line"
        fi
      fi
      if [[ "$missing" = *libc.musl* ]]; then hop3_fail "the release is for Alpine (musl)."; fi
      if [ -n "$missing" ]; then hop3_fail "no package here has these libraries that the release wants:$(printf ' %s\n' $missing | sort -u | tr -d '\n')"; fi
    }
  '';

  hop3_source = pkgs.fetchurl {
    name = "site-1.0.tar.gz";
    url = "http://127.0.0.1:8099/site-1.0-linux-amd64.tar.gz";
    hash = pkgs.lib.fakeHash;
  };

  hop3_app = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "site-release";
    version = "1.0";
    src = hop3_source;

    nativeBuildInputs = [
      pkgs.autoPatchelfHook
    ];
    # Where the programs' libraries are looked for.
    buildInputs = hop3_libraries;

    # Files that are copied: to another machine and back would be two copies more.
    preferLocalBuild = true;
    dontUnpack = true;
    dontConfigure = true;
    dontBuild = true;
    # hop3_settle does what is wanted of it. Stripping or shrinking would break programs that carry their data behind them.
    dontFixup = true;
    dontStrip = true;
    dontPatchELF = true;

    hop3Loader = "${pkgs.glibc}/lib/ld-linux-x86-64.so.2";
    hop3Libraries = pkgs.lib.makeLibraryPath ([ pkgs.glibc ] ++ hop3_libraries);

    installPhase = builtins.concatStringsSep "\n" [
      hop3_shell
      "mkdir source"
      "tar -xf \"$src\" -C source --no-same-owner --strip-components=0"
      "chmod -R u+w source"
      "cd source"
      "hop3_enter_only_directory"
      "mkdir -p \"$out/bin\" \"$out\"/share/site"
      "hop3_copy 'bin/*' bin/ '1' ''"
      "hop3_copy lib lib '1' ''"
      "hop3_copy web share/site/pages '1' ''"
      "hop3_settle \"$out/bin/\"site-server"
    ];
  };

  pkg = hop3_app;
  prebuilt_archive = hop3_app;
  site = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "PORT=\"\${PORT:-8080}\""
    ""
    "hop3_file=\"config.json\""
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "{"
    "  \"port\": \${PORT},"
    "  \"webpath\": \"${hop3_app}/share/site/pages\""
    "}"
    "HOP3_END"
    ""
    "${hop3_app}/bin/site-about > about.txt"
    ""
    "exec ${hop3_app}/bin/site-server config.json"
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "site";
    version = "1.0";
    meta.description = "An archive that was packed elsewhere";

    # To ask whether another machine builds it takes longer than to build it.
    preferLocalBuild = true;
    dontUnpack = true;
    dontConfigure = true;
    dontBuild = true;

    # Both reach the builder as files: no shell reads them on the way.
    passAsFile = [ "hop3Script" "hop3Runtime" ];
    hop3Script = hop3_script;
    hop3Runtime = builtins.toJSON hop3_runtime;

    installPhase = builtins.concatStringsSep "\n" [
      "mkdir -p \"$out/bin\" \"$out/hop3\""
      "cp \"$hop3ScriptPath\" \"$out/bin/hop3-start\""
      "chmod 755 \"$out/bin/hop3-start\""
      # A quote that is not closed in hop3.toml is found here and not when the app starts.
      "${pkgs.runtimeShell or "/bin/sh"} -n \"$out/bin/hop3-start\""
      "mkdir -p \"$out/bin\" && for hop3_file in \"${hop3_app}/bin\"/*; do ln -s \"$hop3_file\" \"$out/bin/\"; done"
      "for hop3_entry in \"${hop3_app}\"/*; do if [ \"$(basename \"$hop3_entry\")\" != bin ]; then ln -s \"$hop3_entry\" \"$out/\"; fi; done"
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
