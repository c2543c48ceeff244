# PHP of the distribution. Its own configuration is under /etc, which neither a build nor a worker sees, so the wrapper
# brings one: the extensions that were asked for, by PHP_INI_SCAN_DIR, as nixpkgs does it.
{ lib, link, runCommand, distribution }:
let
  # Extensions of Debian's php-common (always there with PHP), then those with a package of their own.
  inCommon = [
    "calendar" "ctype" "exif" "ffi" "fileinfo" "ftp" "gettext" "iconv" "pdo" "phar" "posix" "shmop" "sockets" "sysvmsg"
    "sysvsem" "sysvshm" "tokenizer"
  ];
  packaged = {
    amqp = "amqp"; apcu = "apcu"; bcmath = "bcmath"; bz2 = "bz2"; curl = "curl"; dba = "dba"; dom = "xml"; gd = "gd"; gmp = "gmp";
    imagick = "imagick"; imap = "imap"; intl = "intl"; ldap = "ldap"; mbstring = "mbstring"; memcached = "memcached";
    mysqli = "mysql"; mysqlnd = "mysql"; opcache = "opcache"; pdo_mysql = "mysql"; pdo_odbc = "odbc"; pdo_pgsql = "pgsql"; pdo_sqlite = "sqlite3";
    pgsql = "pgsql"; readline = "readline"; redis = "redis"; simplexml = "xml"; soap = "soap"; sqlite3 = "sqlite3";
    ssh2 = "ssh2"; tidy = "tidy"; xml = "xml"; xmlreader = "xml"; xmlwriter = "xml"; xsl = "xsl"; yaml = "yaml"; zip = "zip";
  };
  # Compiled into Debian's PHP: asking for them needs nothing.
  builtIn = [ "filter" "ftp" "openssl" "pcntl" "session" "sodium" "zlib" "hash" "json" "pcre" ];

  # A module is loaded after those it builds on.
  order = [ "mysqlnd" "pdo" "xml" "dom" ];
  rank = name: lib.lists.findFirstIndex (x: x == name) (builtins.length order) order;

  # What nixpkgs' PHP has without being asked, as far as the machine has it.
  defaults = [
    "bcmath" "calendar" "ctype" "curl" "dom" "exif" "fileinfo" "filter" "ftp" "gd" "gettext" "gmp" "iconv" "intl" "ldap" "mbstring"
    "mysqli" "mysqlnd" "openssl" "pcntl" "pdo" "pdo_mysql" "pdo_odbc" "pdo_pgsql" "pdo_sqlite" "pgsql" "posix" "readline" "session"
    "simplexml" "soap" "sockets" "sodium" "sqlite3" "sysvsem" "tokenizer" "xml" "xmlreader" "xmlwriter" "zip" "zlib"
  ];

  make = attr: version:
    let
      base = link {
        pname = attr;
        apt = "php${version}-cli";
        mainProgram = "php";
        programs = [ { php = [ "php${version}" ]; } ];
        optionalPrograms = [ { php-cgi = [ "php-cgi${version}" ]; } { php-fpm = [ "php-fpm${version}" ]; } ];
      };
      extension = name: { extensionName = name; package = if packaged ? ${name} then "php${version}-${packaged.${name}}" else "php${version}-common"; };
      all = lib.genAttrs (inCommon ++ builtins.attrNames packaged ++ builtIn) extension;

      environment = { extensions ? ({ enabled, all }: enabled), extraConfig ? "" }:
        let
          asked = extensions { enabled = map (name: all.${name} // { optional = true; }) defaults; inherit all; };
          sorted = builtins.sort (a: b: rank a.extensionName < rank b.extensionName) (lib.unique asked);
          wanted = lib.concatMapStrings (e: "${e.extensionName} ${e.package} ${if e.optional or false then "may" else "need"}\n") sorted;
          env = runCommand "${attr}-with-extensions-host"
            {
              inherit wanted extraConfig base;
              passAsFile = [ "wanted" "extraConfig" ];
              preferLocalBuild = true;
              allowSubstitutes = false;
              meta.mainProgram = "php";
            } ''. ${./php-environment.sh}'';
        in
        env // {
          pname = attr;
          version = version;
          extensions = all;
          buildEnv = environment;
          withExtensions = f: environment { extensions = f; inherit extraConfig; };
          unwrapped = base;
          override = _: env;
        };
    in
    environment { };
in
{
  php = make "php" distribution.php;
  "php${lib.replaceStrings [ "." ] [ "" ] distribution.php}" = make "php${lib.replaceStrings [ "." ] [ "" ] distribution.php}" distribution.php;
}
