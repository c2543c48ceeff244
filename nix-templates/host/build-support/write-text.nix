# Files from a text in the expression. The text travels by passAsFile: no shell sees it and its length is not limited.
{ lib, runCommand, runtimeShell, stdenv }:
rec {
  writeTextFile =
    { name ? (throw "writeTextFile: give `name`")
    , text
    , executable ? false
    , destination ? ""
    , checkPhase ? ""
    , meta ? { }
    , passthru ? { }
    , allowSubstitutes ? false
    , preferLocalBuild ? true
    , derivationArgs ? { }
    , pname ? null
    , version ? null
    }:
    assert lib.assertMsg (destination == "" || lib.hasPrefix "/" destination) "writeTextFile: destination must begin with /, but is ${destination}";
    runCommand name
      ({
        inherit text executable checkPhase allowSubstitutes preferLocalBuild passthru;
        passAsFile = [ "text" ] ++ (derivationArgs.passAsFile or [ ]);
        meta = lib.optionalAttrs (executable && lib.hasPrefix "/bin/" destination) { mainProgram = lib.removePrefix "/bin/" destination; } // meta;
        inherit destination;
      } // builtins.removeAttrs derivationArgs [ "passAsFile" ])
      ''
        target="$out$destination"
        mkdir -p "$(dirname "$target")"
        cp "$textPath" "$target"
        if [ -n "$executable" ]; then chmod +x "$target"; else chmod -x "$target"; fi
        eval "$checkPhase"
      '';

  writeText = name: text: writeTextFile { inherit name text; };
  writeTextDir = path: text: writeTextFile { name = baseNameOf path; destination = "/${path}"; inherit text; };
  writeScript = name: text: writeTextFile { inherit name text; executable = true; };
  writeScriptBin = name: text: writeTextFile { inherit name text; executable = true; destination = "/bin/${name}"; };

  checkShellSyntax = ''${stdenv.shell} -n -O extglob "$target"'';
  writeShellScript = name: text:
    writeTextFile { inherit name; executable = true; checkPhase = checkShellSyntax; text = "#!${runtimeShell}\n${text}\n"; };
  writeShellScriptBin = name: text:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      checkPhase = checkShellSyntax;
      text = "#!${runtimeShell}\n${text}\n";
    };

  # Not checked by shellcheck, which a machine need not have; nixpkgs' own refuses more scripts than this.
  writeShellApplication =
    { name
    , text
    , runtimeInputs ? [ ]
    , runtimeEnv ? null
    , meta ? { }
    , passthru ? { }
    , checkPhase ? null
    , excludeShellChecks ? [ ]
    , extraShellCheckFlags ? [ ]
    , bashOptions ? [ "errexit" "nounset" "pipefail" ]
    , derivationArgs ? { }
    , inheritPath ? true
    }:
    writeTextFile {
      inherit name meta passthru derivationArgs;
      executable = true;
      destination = "/bin/${name}";
      allowSubstitutes = true;
      preferLocalBuild = false;
      checkPhase = if checkPhase == null then checkShellSyntax else checkPhase;
      text = lib.concatStringsSep "\n" (
        [ "#!${runtimeShell}" ]
        ++ map (option: "set -o ${option}") bashOptions
        ++ lib.optionals (runtimeEnv != null) (lib.mapAttrsToList (key: value: "${lib.toShellVar key value}\nexport ${key}") runtimeEnv)
        ++ lib.optional (runtimeInputs != [ ] || !inheritPath)
          "\nexport PATH=\"${lib.makeBinPath runtimeInputs}${lib.optionalString inheritPath ":$PATH"}\""
        ++ [ "" text "" ]
      );
    };

  concatTextFile = { name, files, executable ? false, destination ? "", checkPhase ? "", meta ? { }, passthru ? { } }:
    runCommand name { inherit files executable destination checkPhase meta passthru; } ''
      target="$out$destination"
      mkdir -p "$(dirname "$target")"
      cat $files > "$target"
      if [ -n "$executable" ]; then chmod +x "$target"; fi
      eval "$checkPhase"
    '';
  concatText = name: files: concatTextFile { inherit name files; };
  concatScript = name: files: concatTextFile { inherit name files; executable = true; };
}
