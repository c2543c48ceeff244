#!/usr/bin/env bash
# Compares Nix's configuration with what Hop3 needs, and adds what is missing.
#
#   scripts/nix-conf.sh [--nixpkgs host|pin] [--single-user] [--write] [FILE]
#
# Prints the missing lines, one each. Exit 0: nothing is missing (with --write: any more); 3: something is.
# FILE is /etc/nix/nix.conf; nobody's line is removed. What Nix makes of the whole is asked of Nix itself.
set -euo pipefail
set -f # an entry of sandbox-paths may end in `?`

nixpkgs=host write=0 single=0 file=/etc/nix/nix.conf
while [ $# -gt 0 ]; do
  case $1 in
    --nixpkgs) nixpkgs=$2; shift ;;
    --single-user) single=1 ;;
    --write) write=1 ;;
    -*) echo "nix-conf.sh: unknown option $1" >&2; exit 2 ;;
    *) file=$1 ;;
  esac
  shift
done

# The configuration as Nix reads it, defaults included: `name = value` lines.
effective() {
  local dir
  dir=$(dirname "$file")
  for words in 'show-config' 'config show'; do # the second is what newer versions call it
    # shellcheck disable=SC2086
    if env -u NIX_CONFIG NIX_CONF_DIR="$dir" NIX_USER_CONF_FILES=/dev/null nix --extra-experimental-features nix-command $words 2>/dev/null; then return 0; fi
  done
  echo "nix-conf.sh: nix could not read $file" >&2
  exit 1
}

settings=$(effective)
value() { printf '%s\n' "$settings" | sed -n "s/^$1 = \{0,1\}//p"; }

missing() {
  case $(value sandbox):${HOP3_ALLOW_UNSANDBOXED_BUILDS:-0} in true:* | relaxed:1) ;; *) echo 'sandbox = true' ;; esac
  [ "$(value sandbox-fallback)" = false ] || echo 'sandbox-fallback = false'
  if [ "$single" = 0 ]; then [ -n "$(build_group)" ] || echo 'build-users-group = nixbld'; fi
  if [ "$single" = 1 ] && [ -n "$(value build-users-group)" ]; then echo 'build-users-group ='; fi
  local paths
  paths=$(wanted_paths)
  [ "$paths" = "$(sandbox_paths)" ] || echo "sandbox-paths = $paths"
}

# Nix's own default depends on who asks: nixbld for root, as whom the daemon runs, and nothing for everybody else.
build_group() {
  if [ "$(id -u)" != 0 ] && ! grep -qs '^[[:space:]]*build-users-group[[:space:]]*=' "$file"; then echo nixbld; else value build-users-group; fi
}

sandbox_paths() { value sandbox-paths | tr -s ' ' '\n' | sort | xargs; }

# Never a directory and a file below it together: Nix makes an empty file to mount on, and through a mounted /bin that
# would be the machine's own /bin/sh.
wanted_paths() {
  local entry target kept=
  # The host package set is made of the distribution's own programs.
  local needed='/bin /usr /lib /lib64'
  # Debian's Nix has no /bin/sh in its sandbox; programs that call system() need one.
  [ "$nixpkgs" = host ] || needed='/bin/sh=/bin/busybox'
  for entry in $(value sandbox-paths); do
    target=${entry%%=*}
    target=${target%\?}
    if [ "$nixpkgs" != host ]; then
      case $target in /bin | /bin/sh) needed= ;; esac
      kept="$kept $entry"
    else
      case $target in /bin | /usr | /lib | /lib64 | /bin/* | /usr/* | /lib/* | /lib64/*) ;; *) kept="$kept $entry" ;; esac
    fi
  done
  for entry in $needed; do
    if [ "$nixpkgs" != host ] || [ -e "$entry" ]; then kept="$kept $entry"; fi
  done
  printf '%s\n' $kept | sort | xargs
}

# Not needed, but kind: a cache that cannot be reached fails in 5 s, and its packages are built instead.
wished() {
  if [ "$(value connect-timeout)" = 0 ]; then echo 'connect-timeout = 5'; fi
  if [ "$(value fallback)" = false ]; then echo 'fallback = true'; fi
  if ! grep -qs '^[[:space:]]*\(build-\)\{0,1\}max-jobs' "$file"; then echo 'max-jobs = auto'; fi
}

lines=$(missing)
[ -n "$lines" ] || exit 0
printf '%s\n' "$lines"
[ "$write" = 1 ] || exit 3

mkdir -p "$(dirname "$file")"
new=$file.hop3-new
if [ -e "$file" ]; then
  cp -p "$file" "$new"
  cp -p "$file" "$file.before-hop3.$(date +%Y%m%d-%H%M%S)"
else
  : >"$new"
  chmod 644 "$new"
fi
# A later line wins over an earlier one of the same name.
printf '\n# Added for Hop3.\n%s\n%s\n' "$lines" "$(wished)" >>"$new"
mv -f "$new" "$file"
settings=$(effective)
left=$(missing)
[ -z "$left" ] || { echo "nix-conf.sh: $file still lacks: $left" >&2; exit 3; }
