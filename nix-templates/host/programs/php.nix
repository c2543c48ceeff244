# PHP of the distribution. Its own configuration is under /etc, which neither a build nor a worker sees, so the wrapper
# brings one: the extensions that were asked for, by PHP_INI_SCAN_DIR, as nixpkgs does it.
{ lib, self, link, runCommand, distribution }:
let
  # nixpkgs' names of extensions, with what Debian has them in. First those of php-common, always there with PHP.
  inCommon = [
    "calendar" "ctype" "exif" "ffi" "fileinfo" "ftp" "gettext" "iconv" "pdo" "posix" "shmop" "sockets" "sysvmsg"
    "sysvsem" "sysvshm" "tokenizer"
  ];
  packaged = {
    amqp = "amqp"; apcu = "apcu"; bcmath = "bcmath"; bz2 = "bz2"; curl = "curl"; dba = "dba"; dom = "xml"; ds = "ds";
    enchant = "enchant"; gd = "gd"; gmp = "gmp"; gnupg = "gnupg"; igbinary = "igbinary"; imagick = "imagick"; imap = "imap"; intl = "intl";
    ldap = "ldap"; mailparse = "mailparse"; mbstring = "mbstring"; memcached = "memcached"; mongodb = "mongodb"; msgpack = "msgpack";
    mysqli = "mysql"; mysqlnd = "mysql"; opcache = "opcache"; pcov = "pcov"; pdo_dblib = "sybase"; pdo_mysql = "mysql"; pdo_odbc = "odbc";
    pdo_pgsql = "pgsql"; pdo_sqlite = "sqlite3"; pgsql = "pgsql"; pspell = "pspell"; readline = "readline"; redis = "redis"; simplexml = "xml";
    snmp = "snmp"; soap = "soap"; sqlite3 = "sqlite3"; ssh2 = "ssh2"; tidy = "tidy"; uuid = "uuid"; xdebug = "xdebug"; xml = "xml"; xmlreader = "xml";
    xmlwriter = "xml"; xsl = "xsl"; yaml = "yaml"; zip = "zip"; zmq = "zmq";
  };
  # Compiled into Debian's PHP: asking for them needs nothing.
  builtIn = [ "filter" "openssl" "pcntl" "session" "sodium" "zlib" ];

  # What an extension's module has to find loaded.
  requires = {
    memcached = [ "igbinary" "msgpack" ]; mysqli = [ "mysqlnd" ]; pdo_dblib = [ "pdo" ]; pdo_mysql = [ "pdo" "mysqlnd" ];
    pdo_odbc = [ "pdo" ]; pdo_pgsql = [ "pdo" ]; pdo_sqlite = [ "pdo" ]; redis = [ "igbinary" ]; xmlreader = [ "dom" ]; xsl = [ "dom" ];
  };
  order = [ "mysqlnd" "pdo" "xml" "dom" "igbinary" "msgpack" ];
  rank = name: lib.lists.findFirstIndex (x: x == name) (builtins.length order) order;

  # What nixpkgs' PHP has without being asked, as far as the machine has it.
  defaults = [
    "bcmath" "calendar" "ctype" "curl" "dom" "exif" "fileinfo" "filter" "ftp" "gd" "gettext" "gmp" "iconv" "imap" "intl" "ldap" "mbstring"
    "mysqli" "mysqlnd" "opcache" "openssl" "pcntl" "pdo" "pdo_mysql" "pdo_odbc" "pdo_pgsql" "pdo_sqlite" "pgsql" "posix" "readline" "session"
    "simplexml" "soap" "sockets" "sodium" "sqlite3" "sysvsem" "tokenizer" "xmlreader" "xmlwriter" "zip" "zlib"
  ];
  # Part of nixpkgs' PHP itself, modules here. They are no attributes of `all`.
  core = map (name: { extensionName = name; package = ""; optional = true; }) [ "phar" "xml" ];

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

      # An extension with all that it requires.
      closure = e: lib.concatMap (name: closure (all.${name} // { optional = e.optional or false; })) (requires.${e.extensionName} or [ ]) ++ [ e ];
      # Each once; needed where anybody needs it.
      merge = list: lib.attrValues (builtins.foldl' (seen: e: if seen ? ${e.extensionName} && (e.optional or false) then seen else seen // { ${e.extensionName} = e; }) { } list);

      # `enabled` is the list that the function of this call is given: calls of withExtensions add to each other.
      environment = before: { extensions ? ({ enabled, all }: enabled), extraConfig ? "", ... }:
        let
          enabled = extensions { enabled = before; inherit all; };
          sorted = builtins.sort (a: b: rank a.extensionName < rank b.extensionName) (merge (core ++ lib.concatMap closure enabled));
          wanted = lib.concatMapStrings (e: "${e.extensionName} ${if e.package == "" then "-" else e.package} ${if e.optional or false then "may" else "need"}\n") sorted;
          env = runCommand "${attr}-with-extensions-host"
            {
              inherit wanted extraConfig base version;
              passAsFile = [ "wanted" "extraConfig" ];
              preferLocalBuild = true;
              allowSubstitutes = false;
              meta.mainProgram = "php";
            } ''. ${./php-environment.sh}'';
          composer = import ./php-composer.nix { inherit lib self runCommand; php = php; };
          php = env // composer.builders // {
            pname = attr;
            version = version;
            extensions = all;
            packages = { inherit (composer) composer; inherit php; extensions = all; };
            buildEnv = environment enabled;
            withExtensions = f: environment enabled { extensions = f; inherit extraConfig; };
            unwrapped = base;
            phpIni = "${env}/lib/php.ini";
            override = _: php;
          };
        in
        php;
    in
    environment (map (name: all.${name} // { optional = true; }) defaults) { };

  short = lib.replaceStrings [ "." ] [ "" ] distribution.php;
  named = attr: let php = make attr distribution.php; in { ${attr} = php; "${attr}Packages" = php.packages; "${attr}Extensions" = php.extensions; };
  # Those of nixpkgs that this distribution has not.
  others = lib.genAttrs (lib.filter (attr: attr != "php${short}") [ "php81" "php82" "php83" "php84" "php85" ])
    (attr: throw "the host package set has no ${attr}: this distribution's PHP is ${distribution.php}. Write php${short} or plain php, or use a real nixpkgs");
in
others // named "php${short}" // named "php"
