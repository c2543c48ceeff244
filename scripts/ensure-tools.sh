#!/usr/bin/env bash
# Installs what Hop3 needs on Debian and Ubuntu, says first what that is, and checks each tool by running it.
#
#   scripts/ensure-tools.sh [--for server|demo|test] [--nixpkgs host|pin] [--user NAME] [--single-user] [--yes] [--dry-run]
#
#   --for          what for: a server that stays, the demo, or the specs. Default: server
#   --nixpkgs      what packages will be built from; decides what Nix's sandbox shows. Default: host
#   --user         the ordinary user that will build (may be given twice); made if missing
#   --single-user  Nix without a daemon: /nix then belongs to --user
#   --yes          add the missing lines to a nix.conf that somebody else wrote
#   --dry-run      say what would be done and do nothing
#
# Run a second time it finds everything in place and changes nothing.
set -euo pipefail
. "$(dirname "$0")/steps.sh"

purpose=server nixpkgs=host users=() single_user=0 yes=0
while [ $# -gt 0 ]; do
  case $1 in
    --for) purpose=$2; shift ;;
    --nixpkgs) nixpkgs=$2; shift ;;
    --user) users+=("$2"); shift ;;
    --single-user) single_user=1 ;;
    --yes) yes=1 ;;
    --dry-run) DRY_RUN=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) die "ensure-tools.sh: unknown option $1. Its options: scripts/ensure-tools.sh --help" ;;
  esac
  shift
done
case $purpose in server | demo | test) ;; *) die "--for takes server, demo or test, not $purpose" ;; esac
case $nixpkgs in host | pin) ;; *) die "--nixpkgs takes host or pin, not $nixpkgs" ;; esac
[ "$single_user" = 0 ] || [ ${#users[@]} -gt 0 ] || die '--single-user needs --user NAME: the user that /nix will belong to'

SOCKET=/nix/var/nix/daemon-socket/socket
CONF=/etc/nix/nix.conf
DAEMON_PID=/run/hop3-nix-daemon.pid
DAEMON_LOG=/var/log/hop3-nix-daemon.log
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='made by Hop3 for the time of one installation'

# ---- what is missing -------------------------------------------------------------------------------------------------

# A line a tool: the Debian package, and a command that succeeds where the tool works.
tools() {
  cat <<'LIST'
git git --version
curl curl --version
nix-bin nix-build --version
nginx-light nginx -v
s6 s6-tai64n
s6 command -v s6-svscan s6-ipcclient s6-envdir s6-svunlink
bubblewrap bwrap --version
tini tini --version
util-linux setpriv --version
bsdutils script --version
util-linux command -v flock runuser setsid
coreutils env --default-signal true
LIST
  if [ "$nixpkgs" = pin ]; then echo 'busybox-static test -x /bin/busybox'; fi
  if [ "$nixpkgs" = host ]; then
    # What every stdenv of nixpkgs has, and a minimal Debian does not.
    echo 'patch patch --version'
    echo 'make make --version'
    echo 'bzip2 command -v bzip2'
    echo 'xz-utils xz --version'
  fi
  if [ "$purpose" != server ] && [ "$nixpkgs" = host ]; then
    # What the examples are made of when packages come from the distribution. A Python of somebody's own in PATH says nothing of these.
    echo 'python3-flask /usr/bin/python3 -c import\ flask'
    echo 'gunicorn /usr/bin/gunicorn --version'
  fi
  if [ "$purpose" = test ]; then
    echo 'radicale /usr/bin/radicale --version'
    echo 'golang-go go version'
    echo 'wrk command -v wrk'
    echo 'php-cli php --version'
    for extension in mbstring sqlite3 xml; do echo "php-$extension php --ri $extension"; done
    echo 'composer composer --version --no-interaction'
    # Programs that stand for what upstream publishes are compiled and packed by their specs.
    echo 'gcc gcc --version'
    echo 'libc6-dev test -e /usr/include/stdio.h'
    echo 'patchelf patchelf --version'
    echo 'unzip unzip -v'
    echo 'zip zip -v'
    echo 'python3-pip /usr/bin/python3 -m pip --version'
    # Of the templates for Ruby and Java. The names without a version are the same on every Debian and Ubuntu.
    echo 'ruby gem --version'
    echo 'default-jdk-headless javac -version'
    # The servers of addons, and what the examples that use them are made of.
    echo 'postgresql ls /usr/lib/postgresql/*/bin/initdb'
    echo 'postgresql-contrib ls /usr/share/postgresql/*/extension/pg_trgm.control'
    echo 'mariadb-server test -x /usr/sbin/mariadbd'
    echo 'mariadb-client mariadb --version'
    echo 'redis-server redis-server --version'
    echo 'redis-tools redis-cli --version'
    echo 'php-mysql php --ri pdo_mysql'
    echo 'python3-psycopg2 /usr/bin/python3 -c import\ psycopg2'
    echo 'python3-redis /usr/bin/python3 -c import\ redis'
    echo 'user-mode-linux command -v linux.uml'
  fi
}

works() { bash -c "$1" </dev/null >/dev/null 2>&1; }

missing_packages() {
  local package command
  while read -r package command; do
    works "$command" || echo "$package"
  done < <(tools) | sort -u
  if systemd_runs && ! command -v nix-daemon >/dev/null && [ "$single_user" = 0 ]; then echo nix-setup-systemd; fi
}

# ---- packages --------------------------------------------------------------------------------------------------------

install_packages() {
  command -v apt-get >/dev/null || die "This machine has no apt-get. Hop3 installs on Debian and Ubuntu; elsewhere install by hand: $*"
  if lists_are_old; then as_root apt-get update -qq; fi
  forbid_service_starts
  if ! apt_install "$@"; then
    detail 'That failed: the lists may be older than the mirror. Once more with new ones.'
    as_root apt-get update -qq
    apt_install "$@" || { tail -n 20 "$apt_log" >&2; die "apt-get could not install: $*"; }
  fi
  allow_service_starts
  # Debian enables these for the next boot. Hop3 has an nginx of its own, and would find port 80 taken; databases it starts itself.
  local service
  for service in nginx radicale postgresql mariadb redis-server; do
    if [[ " $* " == *" $service"* ]] && command -v systemctl >/dev/null; then as_root systemctl disable --quiet "$service.service" || true; fi
  done
}

apt_log=$(mktemp)
trap 'rm -f "$apt_log"' EXIT
apt_install() {
  local command=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@")
  if dry; then as_root "${command[@]}"; return 0; fi
  detail "$ ${command[*]}"
  quiet_as_root "${command[@]}" >"$apt_log" 2>&1
}

lists_are_old() {
  [ -z "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -7 -print -quit 2>/dev/null)" ]
}

# Packages must not start their services while they are installed: nginx would take port 80, radicale 5232, PostgreSQL 5432.
forbid_service_starts() {
  dry && return 0
  trap 'allow_service_starts; rm -f "$apt_log"' EXIT
  if [ -e "$POLICY" ] && ! grep -qs "$POLICY_MARK" "$POLICY"; then quiet_as_root mv -f "$POLICY" "$POLICY.before-hop3"; fi
  printf '#!/bin/sh\n# %s\nexit 101\n' "$POLICY_MARK" | quiet_as_root sh -c "cat >$POLICY && chmod 755 $POLICY"
}

allow_service_starts() {
  if grep -qs "$POLICY_MARK" "$POLICY"; then quiet_as_root rm -f "$POLICY"; fi
  if [ -e "$POLICY.before-hop3" ]; then quiet_as_root mv -f "$POLICY.before-hop3" "$POLICY"; fi
}

# What Debian has no package of. A pnpm that is there already, of whatever version, is left alone.
missing_from_npm() {
  if [ "$purpose" = test ] && ! command -v pnpm >/dev/null; then echo pnpm@10; fi
}

install_from_npm() {
  if as_root npm install --global --silent "$@"; then return 0; fi
  warn "npm could not install $*. The specs that need it say so and do nothing."
}

# ---- Nix -------------------------------------------------------------------------------------------------------------

daemon_answers() {
  [ -S "$SOCKET" ] && timeout 10 nix --extra-experimental-features nix-command store ping --store daemon >/dev/null 2>&1
}

ensure_build_users() {
  # Builds need the group and its members; a group that has some already is left alone.
  if [ -n "$(getent group nixbld | cut -d: -f4)" ]; then return 0; fi
  getent group nixbld >/dev/null || as_root groupadd --system nixbld
  detail "$(dry && echo 'would make' || echo 'making') the build users nixbld1 to nixbld10"
  dry && return 0
  local n
  for n in 1 2 3 4 5 6 7 8 9 10; do
    getent passwd "nixbld$n" >/dev/null || quiet_as_root useradd --system --no-create-home --home-dir /var/empty --gid nixbld --groups nixbld \
      --no-user-group --comment "Nix build user $n" --shell /usr/sbin/nologin "nixbld$n"
  done
}

# A nix.conf is somebody's own unless it is missing or the one that Debian's package brings: `sandbox = false` and comments.
conf_is_ours() {
  local words
  words=$(grep -sv '^[[:space:]]*\(#.*\)\{0,1\}$' "$CONF" | tr -d '[:space:]') || true
  [ -z "$words" ] || [ "$words" = sandbox=false ] || grep -qs '^# Added for Hop3' "$CONF"
}

conf_changed=0
ensure_conf() {
  local options=(--nixpkgs "$nixpkgs") lines status=0
  if [ "$single_user" = 1 ]; then options+=(--single-user); fi
  if ! command -v nix >/dev/null; then
    dry || die 'nix is not installed'
    detail "would write to $CONF what Hop3 needs: the sandbox on, no fallback to building outside it, and what it shows ($nixpkgs)"
    return 0
  fi
  lines=$("$(dirname "$0")/nix-conf.sh" "${options[@]}" "$CONF") || status=$?
  [ "$status" = 0 ] && return 0
  [ "$status" = 3 ] || die "Nix's configuration could not be read; see the line above."
  if ! conf_is_ours && [ "$yes" = 0 ]; then
    warn "The Nix of this machine was set up by someone else. $CONF lacks what Hop3 needs:"
    printf '%s\n' "$lines" | sed 's/^/           /' >&2
    warn "Add them with: scripts/ensure-tools.sh --for $purpose --nixpkgs $nixpkgs --yes   (the old file is kept beside it)"
    dry || exit 1
    return 0
  fi
  say "Adding to $CONF what Hop3 needs"
  printf '%s\n' "$lines" | sed 's/^/           /'
  as_root "$(dirname "$0")/nix-conf.sh" "${options[@]}" --write "$CONF" >/dev/null
  conf_changed=1
}

ensure_daemon() {
  if daemon_answers && [ "$conf_changed" = 0 ]; then return 0; fi
  if systemd_runs; then
    if ! systemctl cat nix-daemon.service >/dev/null 2>&1; then
      write_as_root /etc/systemd/system/nix-daemon.service 644 <"$(dirname "$0")/nix-daemon.service"
    fi
    as_root systemctl daemon-reload
    as_root systemctl enable --quiet nix-daemon.service
    as_root systemctl restart nix-daemon.service
  else
    if daemon_answers && ! own_daemon >/dev/null; then
      warn "nix-daemon was started by someone else and reads its configuration only at its start: restart it, then run this again."
      exit 1
    fi
    stop_own_daemon
    say "Starting nix-daemon (there is no systemd; its log: $DAEMON_LOG)"
    as_root sh -c "setsid --fork sh -c 'echo \$\$ >$DAEMON_PID; exec prlimit --nproc=4096 nix-daemon' </dev/null >>$DAEMON_LOG 2>&1"
  fi
  dry && return 0
  for _ in $(seq 1 50); do
    if daemon_answers; then return 0; fi
    sleep 0.2
  done
  warn 'nix-daemon does not answer after 10 s. Its last words:'
  { systemd_runs && journalctl -u nix-daemon -n 10 --no-pager || tail -n 10 "$DAEMON_LOG"; } >&2 2>/dev/null || true
  warn 'Where no daemon can run, one user can own Nix instead: scripts/ensure-tools.sh --single-user --user NAME'
  exit 1
}

own_daemon() {
  local pid
  pid=$(cat "$DAEMON_PID" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = nix-daemon ] && echo "$pid"
}

stop_own_daemon() {
  local pid
  pid=$(own_daemon) || return 0
  as_root kill "$pid"
  dry || for _ in $(seq 1 50); do [ -e "/proc/$pid" ] || break; sleep 0.1; done
}

ensure_nix() {
  if [ "$single_user" = 1 ]; then
    say "Nix without a daemon: /nix belongs to ${users[0]}, and what ${users[0]} runs could change what was built"
    [ -d /nix ] || as_root install -d -m 755 /nix
    [ "$(stat -c %U /nix 2>/dev/null)" = "${users[0]}" ] || as_root chown -R "${users[0]}:" /nix
    ensure_conf
    return 0
  fi
  [ -d /nix ] || as_root install -d -m 755 /nix
  ensure_build_users
  ensure_conf
  ensure_daemon
}

# Debian's socket belongs to the group nix-users where its systemd package is installed.
ensure_users() {
  local user
  for user in ${users[@]+"${users[@]}"}; do
    ensure_user "$user" "/var/lib/$user"
    if getent group nix-users >/dev/null && ! id -nG "$user" 2>/dev/null | grep -qw nix-users; then as_root usermod -aG nix-users "$user"; fi
  done
}

# ---- checks ----------------------------------------------------------------------------------------------------------

check_tools() {
  local package command bad=0
  while read -r package command; do
    works "$command" || { warn "$package is installed, but this fails: $command"; bad=1; }
  done < <(tools)
  check_sandbox || bad=1
  return "$bad"
}

# Workers run in bubblewrap, as an ordinary user and without setuid: the kernel must allow user namespaces.
check_sandbox() {
  local try=(bwrap --unshare-user --unshare-pid --ro-bind / / --proc /proc --dev /dev -- true) words
  if [ "$(id -u)" = 0 ]; then try=(setpriv --reuid=65534 --regid=65534 --clear-groups -- "${try[@]}"); fi
  words=$("${try[@]}" 2>&1) && return 0
  warn "bubblewrap cannot make a sandbox for an ordinary user: $words"
  if [ "$(cat /proc/sys/kernel/unprivileged_userns_clone 2>/dev/null)" = 0 ]; then
    warn 'Allow it with: sysctl -w kernel.unprivileged_userns_clone=1'
  elif [ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null)" = 1 ]; then
    warn 'Allow it with: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0'
  else
    warn 'In a container, the container itself must be allowed to make user namespaces and to mount /proc.'
  fi
  return 1
}

# ---- the whole -------------------------------------------------------------------------------------------------------

main() {
  local packages from_npm changes=()
  mapfile -t packages < <(missing_packages)
  mapfile -t from_npm < <(missing_from_npm)
  if [ ${#packages[@]} -gt 0 ]; then
    say "Missing here, to be installed with apt-get: ${packages[*]}"
    changes+=(packages)
  fi
  if [ ${#from_npm[@]} -gt 0 ]; then
    say "Missing here, to be installed with npm, for every user: ${from_npm[*]}"
    changes+=(npm)
  fi
  if [ "$single_user" = 0 ] && ! { command -v nix >/dev/null && daemon_answers; }; then
    say 'Nix will be set up: build users, its configuration, its daemon'
    changes+=(nix)
  fi
  if [ ${#changes[@]} -gt 0 ] && ! dry && ! can_be_root; then
    die "This needs root, and sudo does not answer here. Run it as root: scripts/ensure-tools.sh --for $purpose --nixpkgs $nixpkgs"
  fi
  if [ ${#packages[@]} -gt 0 ]; then install_packages "${packages[@]}"; fi
  if [ ${#from_npm[@]} -gt 0 ]; then install_from_npm "${from_npm[@]}"; fi
  ensure_users
  ensure_nix
  if dry; then say 'Nothing was changed: this was a dry run.'; return 0; fi
  check_tools || exit 1
  if [ ${#changes[@]} -gt 0 ]; then say 'All tools are installed and answer'; fi
}

main
