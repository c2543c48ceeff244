# Rendered by Hop3 from [nix] template = "php-app".
#
# A PHP with the extensions of the app, the app's own files, and a script that serves them.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_php = pkgs.php82.withExtensions ({ enabled, all }: enabled ++ [
    all.pgsql
    all.pdo_pgsql
    all.gd
    all.mbstring
    all.curl
    all.zip
    all.intl
    all.calendar
    all.imap
    all.ldap
  ]);

  hop3_app = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    name = "dolibarr-app";
    src = pkgs.fetchurl {
      name = "dolibarr-19.0.3.tar.gz";
      url = "https://github.com/Dolibarr/dolibarr/archive/refs/tags/19.0.3.tar.gz";
      hash = "sha256-UvzqWjVPhoj6Moq/+qGWv5BW9UUWTNf+iC0bt95lQWM=";
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
      "mkdir source"
      "tar -xf \"$src\" -C source --no-same-owner --strip-components=1"
      "chmod -R u+w source"
      "mkdir -p \"$out\""
      "mv source \"$out/app\""
      "(cd \"$out/app\" && mkdir -p documents)"
      "[ -d \"$out/app\"/htdocs ] || { echo 'error: [nix] web-root: the app has no directory htdocs' >&2; exit 1; }"
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

  app = hop3_app;
  composer = hop3_php.packages.composer;
  dolibarr = hop3_app;
  php = hop3_php;
  pkg = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "if [ -n \"\${PHP_INI_SCAN_DIR:-}\" ]; then export PHP_INI_SCAN_DIR=\"${hop3_php}/lib:$PHP_INI_SCAN_DIR\"; fi"
    ""
    "hop3_home=\"$PWD\""
    "hop3_follow=-P"
    "hop3_tree=\"${hop3_app}/app\""
    "hop3_bring_tree() {"
    "  export LC_ALL=C"
    "  cd \"$hop3_home/.hop3-tree\""
    "  # Several workers may start at once."
    "  exec 9> lock"
    "  flock 9"
    "  if [ \"$(cat release 2> /dev/null || true)\" = \"$hop3_tree\" ]; then return 0; fi"
    "  rm -rf work"
    "  mkdir -p work/tree"
    "  # Files have lines \"<sha256>  <path>\", links \"<path><tab><target>\". The lists with \"pending\" are of a release that was cut off."
    "  for hop3_name in files links programs pending-files pending-links; do [ -e \"$hop3_name\" ] || : > \"$hop3_name\"; done"
    "  hop3_work=\"$PWD/work\""
    "  cd \"$hop3_tree\""
    "  if find \"$hop3_follow\" . -name '*[\\[:cntrl:]]*' | grep . >&2; then"
    "    echo \"hop3: cannot copy files with a backslash, a tab or a line end in their names\" >&2"
    "    return 1"
    "  fi"
    "  find \"$hop3_follow\" . -type f -exec sha256sum -- {} + | sort > \"$hop3_work/files\""
    "  find \"$hop3_follow\" . -type l -printf '%p\\t%l\\n' | sort > \"$hop3_work/links\""
    "  find \"$hop3_follow\" . -type f -perm -u+x | sort > \"$hop3_work/programs\""
    "  find \"$hop3_follow\" . -type d > \"$hop3_work/directories\""
    ""
    "  cd \"$hop3_work\""
    "  # What earlier releases brought and this one does not have so; of that, what is still as they brought it."
    "  sort -u ../files ../pending-files | comm -23 - files > past"
    "  (cd \"$hop3_home\" && cut -c67- \"$hop3_work/past\" | xargs -r -d '\\n' sha256sum -- 2> /dev/null || true) | sort | comm -12 - past | cut -c67- | sort -u > untouched"
    "  cut -c67- files | sort | comm -12 - untouched > replace"
    "  : > gone"
    "  if [ -s ../pending-files ]; then"
    "    # What the one that was cut off may have removed."
    "    cut -c67- ../pending-files | sort -u > pending"
    "    cut -c67- files | sort | comm -23 - pending | while IFS= read -r hop3_path; do [ -e \"$hop3_home/$hop3_path\" ] || printf '%s\\n' \"$hop3_path\"; done > gone"
    "  fi"
    "  comm -13 ../files files | cut -c67- | sort -u - replace gone > bring"
    "  comm -23 untouched bring > remove"
    "  comm -13 untouched bring > look"
    "  sort -u ../links ../pending-links | comm -23 - links > past-links"
    "  if [ -s ../pending-links ]; then cp links bring-links; else comm -13 ../links links > bring-links; fi"
    ""
    "  printf '%s\\n' \"$hop3_tree\" > ../owner"
    "  rm -f ../release"
    "  cat files >> ../pending-files"
    "  cat links >> ../pending-links"
    "  sort -u -o ../pending-files ../pending-files"
    "  sort -u -o ../pending-links ../pending-links"
    ""
    "  cd \"$hop3_home\""
    "  xargs -r -d '\\n' rm -f -- < \"$hop3_work/remove\""
    "  while IFS='\t' read -r hop3_path hop3_target; do"
    "    if [ \"$(readlink \"$hop3_path\" || true)\" = \"$hop3_target\" ]; then rm -f -- \"$hop3_path\"; fi"
    "  done < \"$hop3_work/past-links\""
    "  # Some programs take every directory in a place for a plugin, an empty one too."
    "  sed 's,/[^/]*$,,' \"$hop3_work/remove\" | sort -u | { xargs -r -d '\\n' rmdir -p --ignore-fail-on-non-empty -- 2> /dev/null || true; }"
    "  while IFS= read -r hop3_path; do"
    "    if { [ -e \"$hop3_path\" ] || [ -L \"$hop3_path\" ]; } && ! cmp -s -- \"$hop3_path\" \"$hop3_tree/$hop3_path\"; then hop3_keep \"$hop3_path\"; fi"
    "  done < \"$hop3_work/look\""
    "  xargs -r -d '\\n' mkdir -p -- < \"$hop3_work/directories\""
    "  # The store's directories are read-only, and cp would make its own so."
    "  (cd \"$hop3_work/tree\" && sed 's,/[^/]*$,,' ../bring | sort -u | xargs -r -d '\\n' mkdir -p --)"
    "  (cd \"$hop3_tree\" && xargs -r -d '\\n' cp \"$hop3_follow\" --parents -t \"$hop3_work/tree\" --) < \"$hop3_work/bring\""
    "  chmod -R u+w \"$hop3_work/tree\""
    "  # Each file takes its place at once, complete."
    "  (cd \"$hop3_work/tree\" && xargs -r -d '\\n' cp -lPf --parents -t \"$hop3_home\" --) < \"$hop3_work/bring\""
    "  while IFS='\t' read -r hop3_path hop3_target; do"
    "    if [ \"$(readlink \"$hop3_path\" || true)\" = \"$hop3_target\" ]; then continue; fi"
    "    if [ -e \"$hop3_path\" ] || [ -L \"$hop3_path\" ]; then hop3_keep \"$hop3_path\"; fi"
    "    ln -s -- \"$hop3_target\" \"$hop3_path\""
    "  done < \"$hop3_work/bring-links\""
    "  comm -23 .hop3-tree/programs \"$hop3_work/programs\" | { xargs -r -d '\\n' chmod a-x -- 2> /dev/null || true; }"
    "  comm -13 .hop3-tree/programs \"$hop3_work/programs\" | { xargs -r -d '\\n' chmod u+x -- 2> /dev/null || true; }"
    ""
    "  cd .hop3-tree"
    "  mv -f work/files work/links work/programs ."
    "  rm -rf work pending-files pending-links"
    "  printf '%s\\n' \"$hop3_tree\" > release"
    "  # Of releases that nobody runs any more."
    "  for hop3_name in use.*; do flock -n \"$hop3_name\" rm -f \"$hop3_name\" || true; done"
    "}"
    "hop3_keep() {"
    "  hop3_kept=\".hop3-kept/$(date -u +%Y-%m-%dT%H-%M-%S)\""
    "  echo \"hop3: $1 had been changed here, and this release brings its own; what was here is now $hop3_kept/$1\" >&2"
    "  mkdir -p \"$(dirname \"$hop3_kept/$1\")\""
    "  chmod 700 .hop3-kept"
    "  mv -f -- \"$1\" \"$hop3_kept/$1\""
    "}"
    "hop3_lock() { printf 'use.%.16s' \"$(printf '%s' \"$1\" | sha256sum)\"; }"
    "hop3_watch_tree() {"
    "  cd \"$hop3_home/.hop3-tree\""
    "  # $$ is the worker, also when it is another program by then."
    "  while sleep 2 && kill -0 \"$$\"; do"
    "    read -r hop3_owner < owner || continue"
    "    if [ \"$hop3_owner\" != \"$hop3_tree\" ] && flock -n \"$(hop3_lock \"$hop3_owner\")\" true; then (hop3_bring_tree); fi"
    "  done"
    "}"
    "hop3_hold_tree() {"
    "  mkdir -p \"$hop3_home/.hop3-tree\""
    "  chmod 700 \"$hop3_home/.hop3-tree\""
    "  # Held by every process of this worker, for as long as there is one."
    "  exec 8> \"$hop3_home/.hop3-tree/$(hop3_lock \"$hop3_tree\")\""
    "  flock -s 8"
    "}"
    "hop3_hold_tree"
    "if [ \"$(cat \"$hop3_home/.hop3-tree/release\" 2> /dev/null || true)\" != \"$hop3_tree\" ]; then (hop3_bring_tree); fi"
    "(hop3_watch_tree < /dev/null > /dev/null 2>&1 &)"
    "mkdir -p documents"
    ""
    "hop3_data=\"$PWD\""
    "hop3_sessions=\"$PWD/.hop3-sessions\""
    "mkdir -p -m 700 \"$hop3_sessions\""
    "export PHP_CLI_SERVER_WORKERS=\"\${PHP_CLI_SERVER_WORKERS:-4}\""
    ""
    "exec ${pkgs.runtimeShell or "/bin/sh"} ${hop3_serve} ${hop3_php}/bin/php -q -d error_log=/dev/stderr -d session.save_path=\"$hop3_sessions\" -d session.gc_probability=1 -S \"\${BIND_ADDRESS:-127.0.0.1}:\${PORT:-8080}\" -t \"$hop3_data\"/htdocs ${hop3_router}"
    ""
  ];

  hop3_env = {
    DOLI_ADMIN_LOGIN = "admin";
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
    pname = "dolibarr";
    version = "19.0.3";
    meta.description = "Open source ERP and CRM for small and medium businesses";

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
