# shellcheck shell=bash
# Sourced by the scripts that change a machine: each step is announced, and with DRY_RUN=1 only announced.

DRY_RUN=${DRY_RUN:-0}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "-----> $*"; }
detail() { printf '%s\n' "       $*"; }
warn() { printf '%s\n' " !     $*" >&2; }
die() { warn "$@"; exit 1; }

dry() { [ "$DRY_RUN" = 1 ]; }

# Runs a command as root: through sudo where this is not root. The command is shown first.
as_root() {
  if dry; then detail "would run: $*"; return 0; fi
  detail "$ $*"
  quiet_as_root "$@"
}

# The same for checks that change nothing: not shown, and run in a dry run too.
quiet_as_root() {
  if [ "$(id -u)" = 0 ] || dry; then "$@"; else sudo -- "$@"; fi
}

# Writes standard input to a file of root's: first beside it, then renamed over it.
write_as_root() {
  local file=$1 mode=$2 text
  text=$(cat; printf x)
  text=${text%x}
  if dry; then
    detail "would write $file (mode $mode):"
    printf '%s' "$text" | sed 's/^/           /'
    return 0
  fi
  if printf '%s' "$text" | quiet_as_root cmp -s - "$file"; then return 0; fi
  detail "writing $file"
  printf '%s' "$text" | quiet_as_root sh -c 'umask 077; cat >"$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"' sh "$file" "$mode"
}

# True where there is a way to become root without asking a person who is not there.
can_be_root() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }
}

systemd_runs() { [ -d /run/systemd/system ]; }

# Makes a system user with a home of its own, if there is none of that name.
ensure_user() {
  local name=$1 home=$2
  if getent passwd "$name" >/dev/null; then return 0; fi
  as_root useradd --system --user-group --no-create-home --home-dir "$home" --shell /bin/sh "$name"
  as_root install -d -m 700 -o "$name" -g "$name" "$home"
}
