# Rendered by Hop3 from [nix] template = "php-app".
#
# A PHP with the extensions of the app, the app's own files, and a script that serves them.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_php = pkgs.php82.withExtensions ({ enabled, all }: enabled ++ [
    all.mysqli
    all.pgsql
    all.pdo_mysql
    all.pdo_pgsql
    all.pdo_sqlite
  ]);

  hop3_app = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    name = "adminer-app";
    src = pkgs.fetchurl {
      name = "adminer-4.8.1.php";
      url = "https://github.com/vrana/adminer/releases/download/v4.8.1/adminer-4.8.1.php";
      hash = "sha256-L9fm2PmHskOrGDkklVH2KtzhlwTEfT0MjdnlfqW5xrM=";
    };
    # Scripts that begin with "#!/usr/bin/env php" get this PHP.
    buildInputs = [ hop3_php ];
    preferLocalBuild = true;
    dontUnpack = true;
    dontConfigure = true;
    dontBuild = true;
    # A link may lead to what the app makes later.
    dontCheckForBrokenSymlinks = true;

    installPhase = builtins.concatStringsSep "\n" [
      "mkdir -p \"$out/app\""
      "cp \"$src\" \"$out/app/index.php\""
    ];
  };

  hop3_serve = builtins.toFile "hop3-serve.sh" (builtins.concatStringsSep "\n" [
    "# Runs PHP's own server, \"$@\". At SIGTERM it would end at once and drop the requests it is answering; at SIGINT it answers"
    "# them first. So it starts deaf to the one, in a process group of its own that gets the other."
    "(trap '' TERM && exec setsid \"$@\") &"
    "hop3_server=$!"
    "trap 'kill -INT -- \"-$hop3_server\" 2>/dev/null || true' TERM INT HUP"
    "while :; do"
    "  hop3_status=0"
    "  wait \"$hop3_server\" || hop3_status=$?"
    "  # A signal ends the wait, too, and the server may still be at work."
    "  kill -0 \"$hop3_server\" 2>/dev/null || break"
    "done"
    "while kill -0 -- \"-$hop3_server\" 2>/dev/null; do sleep 0.1; done"
    "exit \"$hop3_status\""
    ""
  ]);

  hop3_router = builtins.toFile "hop3-router.php" (builtins.concatStringsSep "\n" [
    "<?php"
    "// PHP's own server asks this script before it answers a request. Without it, that server would hand out every file below"
    "// the web root: .env, .git, a database file in a directory that the application closes with .htaccess."
    ""
    "$hop3_answer = (static function () {"
    "    $root = rtrim($_SERVER['DOCUMENT_ROOT'], '/');"
    "    $path = rawurldecode(preg_split('/[?#]/', $_SERVER['REQUEST_URI'], 2)[0]);"
    ""
    "    // What PHP found for the request; for a path that leads nowhere, this script."
    "    $found = $_SERVER['SCRIPT_FILENAME'];"
    "    $file = str_starts_with($found, \"$root/\") ? substr($found, strlen($root)) : null;"
    ""
    "    $hidden = '#/\\.(?!well-known(?:/|$))#';"
    "    if (($file !== null && preg_match($hidden, $file)) || (preg_match($hidden, \"/$path\") && (str_contains($path, \"\\0\") || file_exists(\"$root/$path\")))) {"
    "        http_response_code(404);"
    "        echo \"Not found\\n\";"
    "        return true;"
    "    }"
    ""
    "    // Directories that the application closes for Apache are closed here: the last word on the way to the file counts."
    "    $closed = false;"
    "    $directory = $root;"
    "    foreach (explode('/', dirname($file ?? $path)) as $part) {"
    "        if ($part !== '') {"
    "            $directory .= \"/$part\";"
    "        }"
    "        $rules = @file_get_contents(\"$directory/.htaccess\");"
    "        if ($rules === false) {"
    "            continue;"
    "        }"
    "        // Sections for some files or methods say nothing about the others."
    "        $rules = preg_replace('#<(Files|FilesMatch|Limit|LimitExcept)\\b.*?</\\1>#is', '', $rules);"
    "        if (preg_match('/^\\s*(?:deny\\s+from\\s+all|require\\s+all\\s+denied)\\b/im', $rules)) {"
    "            $closed = true;"
    "        } elseif (preg_match('/^\\s*(?:allow\\s+from\\s+all|require\\s+all\\s+granted)\\b/im', $rules)) {"
    "            $closed = false;"
    "        }"
    "    }"
    "    if ($closed) {"
    "        http_response_code(403);"
    "        echo \"Forbidden\\n\";"
    "        return true;"
    "    }"
    ""
    "    // PHP's server gives a path without a dot to the nearest index.php, and refuses one with a dot (\"/sitemap.xml\"), which"
    "    // many applications answer, too. Files that only ever lie on a disk stay \"not found\"."
    "    if ($file === null && is_file(\"$root/index.php\")"
    "        && !preg_match('/\\.(?:php|css|js|mjs|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|otf|eot|mp[34]|webm|wasm)$/i', $path)) {"
    "        return $path;"
    "    }"
    "    return false;"
    "})();"
    "if (!is_string($hop3_answer)) {"
    "    return $hop3_answer;"
    "}"
    "$_SERVER['SCRIPT_NAME'] = '/index.php';"
    "$_SERVER['SCRIPT_FILENAME'] = rtrim($_SERVER['DOCUMENT_ROOT'], '/') . '/index.php';"
    "$_SERVER['PATH_INFO'] = $hop3_answer;"
    "$_SERVER['PHP_SELF'] = '/index.php' . $hop3_answer;"
    "unset($hop3_answer);"
    "chdir($_SERVER['DOCUMENT_ROOT']);"
    "require $_SERVER['SCRIPT_FILENAME'];"
    "return true;"
    ""
  ]);

  adminer = hop3_app;
  app = hop3_app;
  composer = hop3_php.packages.composer;
  php = hop3_php;
  pkg = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "if [ -n \"\${PHP_INI_SCAN_DIR:-}\" ]; then export PHP_INI_SCAN_DIR=\"${hop3_php}/lib:$PHP_INI_SCAN_DIR\"; fi"
    ""
    "hop3_sessions=\"$PWD/.hop3-sessions\""
    "mkdir -p -m 700 \"$hop3_sessions\""
    "export PHP_CLI_SERVER_WORKERS=\"\${PHP_CLI_SERVER_WORKERS:-4}\""
    ""
    "exec ${pkgs.runtimeShell or "/bin/sh"} ${hop3_serve} ${hop3_php}/bin/php -q -d error_log=/dev/stderr -d session.save_path=\"$hop3_sessions\" -d session.gc_probability=1 -S \"\${BIND_ADDRESS:-127.0.0.1}:\${PORT:-8080}\" -t \"${hop3_app}/app\" ${hop3_router}"
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${hop3_php}/bin"
      "${php}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "adminer";
    version = "4.8.1";
    meta.description = "Database management in a single PHP file";

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
      "mkdir -p \"$out/\" && ln -s \"${hop3_app}/app\" \"$out/app\""
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
