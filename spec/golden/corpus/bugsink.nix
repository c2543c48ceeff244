# Rendered by Hop3 from [nix] template = "python-venv".
#
# Three steps, so that a push builds no more than it changes: the wheels, the virtual environment made of them, and the
# app's own files. Only the wheels are fetched from the network, under a hash that says what may come in. They are a
# derivation of their own because what is made of them holds store paths, which nothing under such a hash may.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_python = pkgs.python3;

  # This one file of the tree, so that no other change fetches anything.
  hop3_requirements = builtins.toFile "requirements.txt" "bugsink==2.1.2\ngunicorn>=21.0\npsycopg>=3.1\n";

  hop3_wheels = pkgs.stdenv.mkDerivation {
    # Which wheels are right depends on these two. With them in the name, a change is fetched and compared with the hash;
    # without them nix would take the old wheels from the store.
    name = "bugsink-wheels" + "-py${hop3_python.pythonVersion}-${builtins.substring 0 8 ("0936426743862debd38b9c6d4dc2aba8ce78c6a311cea845778c59b447d6be46")}";

    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
    outputHash = pkgs.lib.fakeHash;

    # The operator may name a proxy or an index of their own in the environment of the Nix daemon.
    impureEnvVars = pkgs.lib.fetchers.proxyImpureEnvVars ++ [ "PIP_INDEX_URL" "PIP_EXTRA_INDEX_URL" "PIP_TRUSTED_HOST" ];
    PIP_CERT = "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt";
    PIP_CONFIG_FILE = "/dev/null";
    PIP_DISABLE_PIP_VERSION_CHECK = "1";
    PIP_NO_CACHE_DIR = "1";
    PIP_NO_INPUT = "1";
    PIP_PROGRESS_BAR = "off";

    nativeBuildInputs = [ hop3_python ];
    dontUnpack = true;
    dontConfigure = true;
    dontBuild = true;
    dontFixup = true;

    installPhase = ''
      unset PYTHONPATH
      set -o pipefail
      export HOME="$TMPDIR"
      if [ -r "''${NIX_SSL_CERT_FILE:-}" ]; then export PIP_CERT="$NIX_SSL_CERT_FILE"; fi

      download() { # PIP-OPTION...
        rm -rf "$out" && mkdir "$out" && : > "$TMPDIR/pip.log"
        ${hop3_python.pkgs.pip}/bin/pip download  --only-binary=:all: "$@" \
          --log "$TMPDIR/pip.log" --dest "$out" --requirement ${hop3_requirements} 2>&1 | tee "$TMPDIR/said"
      }

      # Getting a package as source runs its own code, so that is done for no other package than those that have no wheel
      # for this Python.
      from_source=()
      until download ''${from_source[@]+"''${from_source[@]}"}; do
        missing="$(sed -n 's/^ERROR: No matching distribution found for \([A-Za-z0-9._-]*\).*/\1/p' "$TMPDIR/said")"
        if [ -z "$missing" ]; then exit 1; fi
        case " ''${from_source[*]-} " in *" --no-binary=$missing "*) tried=1 ;; *) tried="" ;; esac
        if [ -n "$tried" ] || ! grep -qF "No sources permitted for $missing:" "$TMPDIR/pip.log"; then
          # Which files there are, and why pip took none of them: it says so in its log alone.
          file="/$(printf '%s' "$missing" | sed 's/[._-]\{1,\}/[._-]+/g')-[^/ ]*\.whl"
          grep -iE "(none of the wheel's tags|requires a different Python).*$file" "$TMPDIR/pip.log" \
            | sed -E -e "s|.*(none of the wheel's tags \([^)]*\) are compatible).*/([^/ #]+\.whl).*|\2: \1|" \
              -e "s|.*(Link )(requires a different Python \([^)]*\)).*/([^/ #]+\.whl).*|\3: \2|" | sort -u | tail -n 4 || true
          exit 1
        fi
        echo "$missing has no wheel for Python ${hop3_python.pythonVersion} on $system; its source is taken"
        from_source+=("--no-binary=$missing")
      done
    '';
  };

  hop3_venv = pkgs.stdenv.mkDerivation {
    name = "bugsink-venv";

    # Wheels are made for any Linux: their libraries look for others where nixpkgs has none.
    nativeBuildInputs = [ hop3_python pkgs.autoPatchelfHook ];
    buildInputs = [ pkgs.stdenv.cc.cc.lib pkgs.zlib ];
    autoPatchelfIgnoreMissingDeps = [ "*" ];

    # What is built from source would hold the name of pip's temporary directory among its debug symbols.
    CFLAGS = "-g0";
    PIP_CONFIG_FILE = "/dev/null";
    PIP_DISABLE_PIP_VERSION_CHECK = "1";
    PIP_NO_CACHE_DIR = "1";

    dontUnpack = true;
    dontConfigure = true;
    dontBuild = true;
    dontStrip = true;
    dontPatchELF = true;
    dontPatchShebangs = true;

    # stdenv sets SOURCE_DATE_EPOCH, without which compiled modules would hold the time of the build.
    installPhase = ''
      unset PYTHONPATH
      export HOME="$TMPDIR"
      ${hop3_python.interpreter} -m venv --without-pip "$out"

      packages=()
      for file in ${hop3_wheels}/*; do
        file="''${file##*/}"
        case "$file" in
          *.whl) IFS=- read -r name version _ <<< "$file" ;;
          *) file="''${file%.tar.*}" file="''${file%.zip}" file="''${file%.tgz}" name="''${file%-*}" version="''${file##*-}" ;;
        esac
        packages+=("$name==$version")
      done
      if [ ''${#packages[@]} -gt 0 ]; then
        ${hop3_python.pkgs.pip}/bin/pip --python "$out/bin/python3" install --no-index --find-links ${hop3_wheels} --no-deps "''${packages[@]}"
      fi
    '';
  };

  hop3_source = builtins.path { name = "source"; path = ./source; };

  hop3_app = pkgs.stdenv.mkDerivation {
    name = "bugsink-app";
    src = hop3_source;
    nativeBuildInputs = [
      hop3_python
    ];
    # Files that are copied: to another machine and back would be two copies more.
    preferLocalBuild = true;
    dontUnpack = true;
    dontConfigure = true;
    dontBuild = true;
    dontFixup = true;

    installPhase = builtins.concatStringsSep "\n" [
      "cp -r --no-preserve=mode,ownership \"$src\" source"
      "(cd \"$src\" && find . -type f -perm -u+x -print0) | (cd source && xargs -0r chmod +x)"
      "mv source \"$out\""
      # A worker cannot write beside the modules. A file that does not compile is told when it is imported.
      "${hop3_python.interpreter} -m compileall -q \"$out\" || true"
    ];
  };

  app = hop3_app;
  bugsink = hop3_venv;
  pkg = hop3_venv;
  python = hop3_python;
  venv = hop3_venv;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "export DATABASE_URL=\"postgresql://\${PGUSER}:\${PGPASSWORD}@\${PGHOST}:\${PGPORT}/\${PGDATABASE}\""
    "export SECRET_KEY=\"\${SECRET_KEY:-$(head -c 32 /dev/urandom | base64)}\""
    "export BASE_URL=\"http://localhost:\${PORT:-8080}\""
    ""
    "export LD_LIBRARY_PATH=\"${pkgs.postgresql.lib}/lib:${pkgs.krb5.lib}/lib:${pkgs.stdenv.cc.cc.lib}/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\""
    ""
    "[ -f bugsink_conf.py ] || { ${hop3_venv}/bin/bugsink-create-conf --template docker --host localhost --port \${PORT:-8080} -o bugsink_conf.py; KEY=$(${hop3_venv}/bin/python -c \"import secrets; print(secrets.token_urlsafe(50))\"); printf \"\\n# appended by Hop3 on first deploy\\nSECRET_KEY = \\\"%s\\\"\\nALLOWED_HOSTS = [\\\"*\\\"]\\n\" \"$KEY\" >> bugsink_conf.py; }"
    "${hop3_venv}/bin/bugsink-manage migrate --noinput"
    ""
    "exec ${hop3_venv}/bin/gunicorn bugsink.wsgi:application --bind 0.0.0.0:\${PORT:-8080} --pythonpath . --access-logfile - --error-logfile -"
    ""
  ];

  hop3_env = {
    PYTHONPATH = "${hop3_app}";
    PYTHONUNBUFFERED = "1";
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${hop3_venv}/bin"
      "${placeholder "out"}/venv/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "bugsink";
    version = "2.1.2";
    meta.description = "Self-hosted error tracking, Sentry SDK-compatible";

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
      "[ -x \"${hop3_venv}\"/bin/gunicorn ] || { echo \"error: no package in the virtual environment has the command \"gunicorn\". It has:\" \"$(cd \"${hop3_venv}\"/bin && ls | grep -v \"^[Aa]ctivate\\|^python\" | tr \"\\n\" \" \")\" >&2; exit 1; }"
      "mkdir -p \"$out/\" && ln -s \"${hop3_venv}\" \"$out/venv\""
      "mkdir -p \"$out/\" && ln -s \"${hop3_app}\" \"$out/app\""
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
