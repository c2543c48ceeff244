# Attribute -> what the distribution calls it. Anything not said is taken from the attribute's name: its Debian package
# and its one program. `main` is meta.mainProgram, given where nixpkgs gives it.
{
  # Shell and text.
  bash = { main = "bash"; programs = [ "bash" ]; optional = [ "sh" ]; outputs = [ "dev" "man" "info" ]; };
  diffutils = { programs = [ "diff" "cmp" ]; optional = [ "diff3" "sdiff" ]; };
  file = { main = "file"; };
  findutils = { programs = [ "find" "xargs" ]; };
  gawk = { main = "gawk"; programs = [ "gawk" { awk = [ "gawk" ]; } ]; };
  gettext = { programs = [ "gettext" ]; optional = [ "envsubst" "msgfmt" "xgettext" "msgmerge" ]; };
  envsubst = { main = "envsubst"; apt = "gettext-base"; };
  gnugrep = { main = "grep"; apt = "grep"; programs = [ "grep" ]; optional = [ "egrep" "fgrep" ]; };
  gnused = { main = "sed"; apt = "sed"; programs = [ "sed" ]; };
  jq = { main = "jq"; outputs = [ "bin" "dev" "man" ]; };
  less = { main = "less"; };
  mawk = { main = "mawk"; programs = [ "mawk" { awk = [ "mawk" ]; } ]; };
  nano = { main = "nano"; };
  ripgrep = { main = "rg"; programs = [ "rg" ]; };
  tree = { main = "tree"; };
  which = { main = "which"; apt = "debianutils"; programs = [ { which = [ "which.debianutils" "gnuwhich" "which" ]; } ]; };

  # Archives.
  bzip2 = { main = "bzip2"; optional = [ "bunzip2" "bzcat" ]; outputs = [ "bin" ]; };
  gnutar = { main = "tar"; apt = "tar"; programs = [ "tar" ]; };
  gzip = { main = "gzip"; optional = [ "gunzip" "zcat" ]; };
  unzip = { main = "unzip"; };
  xz = { main = "xz"; apt = "xz-utils"; optional = [ "unxz" "xzcat" "lzma" ]; outputs = [ "bin" ]; };
  zip = { main = "zip"; };
  zstd = { main = "zstd"; optional = [ "unzstd" "zstdcat" ]; outputs = [ "bin" ]; };
  rsync = { main = "rsync"; };

  # Network.
  curl = { main = "curl"; outputs = [ "bin" "dev" "man" ]; };
  dnsutils = { main = "dig"; apt = "bind9-dnsutils"; programs = [ "dig" ]; optional = [ "nslookup" "host" ]; };
  gnupg = { main = "gpg"; programs = [ "gpg" ]; };
  iproute2 = { main = "ip"; programs = [ "ip" ]; optional = [ "ss" ]; };
  netcat = { main = "nc"; apt = "netcat-openbsd"; programs = [ { nc = [ "nc.openbsd" "nc.traditional" ]; } ]; };
  openssh = { main = "ssh"; apt = "openssh-client"; programs = [ "ssh" "scp" "ssh-keygen" ]; optional = [ "sftp" "ssh-add" "ssh-agent" "sshd" ]; };
  openssl = { main = "openssl"; outputs = [ "bin" "dev" "man" ]; optionalLibraries = [ "libssl.so.3" "libcrypto.so.3" ]; };
  socat = { main = "socat"; };
  wget = { main = "wget"; };

  # Processes.
  procps = { programs = [ "ps" ]; optional = [ "top" "free" "pgrep" "pkill" "uptime" "watch" "vmstat" "sysctl" ]; };
  psmisc = { programs = [ "killall" ]; optional = [ "fuser" "pstree" ]; };
  s6 = { programs = [ "s6-svscan" ]; optional = [ "s6-supervise" "s6-svc" "s6-log" "s6-envdir" "s6-setuidgid" ]; };
  tini = { main = "tini"; };
  util-linux = { programs = [ "flock" ]; optional = [ "setsid" "getopt" "lsblk" "mount" "umount" "script" "rev" "column" "hexdump" "uuidgen" ]; outputs = [ "bin" ]; };

  # Building.
  gcc = { main = "gcc"; programs = [ "gcc" ]; optional = [ "g++" "cpp" { cc = [ "gcc" ]; } { "c++" = [ "g++" ]; } ]; };
  git = { main = "git"; };
  gnumake = { main = "make"; apt = "make"; programs = [ "make" ]; };
  patch = { main = "patch"; };
  gnupatch = { main = "patch"; apt = "patch"; programs = [ "patch" ]; };
  perl = { main = "perl"; };
  pkg-config = { main = "pkg-config"; apt = "pkgconf"; };
  sassc = { main = "sassc"; };
  pandoc = { main = "pandoc"; };
  hugo = { main = "hugo"; };
  asciidoctor = { main = "asciidoctor"; };
  graphviz = { programs = [ "dot" ]; };

  # Data.
  mariadb = { apt = "mariadb-client mariadb-server"; programs = [ "mariadb" ]; optional = [ "mariadb-dump" "mariadbd" "mysql" "mysqldump" ]; };
  memcached = { main = "memcached"; };
  postgresql = {
    apt = "postgresql";
    # /usr/bin/psql is a script that wants /etc; these are the programs themselves.
    from = [ "/usr/lib/postgresql/*/bin" ];
    programs = [ "psql" ];
    optional = [ "pg_dump" "pg_restore" "pg_dumpall" "postgres" "initdb" "pg_ctl" "createdb" "dropdb" "createuser" "pg_isready" ];
  };
  redis = { main = "redis-cli"; apt = "redis-server redis-tools"; programs = [ "redis-server" "redis-cli" ]; optional = [ "redis-benchmark" "redis-check-aof" "redis-check-rdb" ]; };
  sqlite = { main = "sqlite3"; apt = "sqlite3"; programs = [ "sqlite3" ]; outputs = [ "bin" "dev" "man" ]; };

  # Pictures, sound, documents.
  exiftool = { main = "exiftool"; apt = "libimage-exiftool-perl"; };
  ffmpeg = { main = "ffmpeg"; optional = [ "ffprobe" ]; outputs = [ "bin" ]; };
  ghostscript = { main = "gs"; programs = [ "gs" ]; };
  imagemagick = { main = "magick"; programs = [ { convert = [ "convert-im6.q16" "convert" ]; } ]; optional = [ { identify = [ "identify-im6.q16" ]; } { mogrify = [ "mogrify-im6.q16" ]; } { magick = [ "magick" "convert-im6.q16" ]; } ]; };
  poppler-utils = { programs = [ "pdftotext" ]; optional = [ "pdfinfo" "pdftoppm" "pdfunite" "pdfseparate" ]; };
  poppler_utils = { apt = "poppler-utils"; programs = [ "pdftotext" ]; optional = [ "pdfinfo" "pdftoppm" "pdfunite" "pdfseparate" ]; };

  # Servers.
  caddy = { main = "caddy"; };
  haproxy = { main = "haproxy"; };
  mosquitto = { main = "mosquitto"; };
  nginx = { main = "nginx"; };
  prometheus = { main = "prometheus"; optional = [ "promtool" ]; };
  prometheus-node-exporter = { main = "node_exporter"; programs = [ { node_exporter = [ "prometheus-node-exporter" ]; } ]; };
  # nixpkgs gives radicale no mainProgram.
  radicale = { };
  syncthing = { main = "syncthing"; };
  transmission = { main = "transmission-daemon"; apt = "transmission-daemon"; programs = [ "transmission-daemon" ]; };
  uwsgi = { main = "uwsgi"; apt = "uwsgi-core"; };
  varnish = { programs = [ "varnishd" ]; };
}
