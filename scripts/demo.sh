#!/usr/bin/env bash
# Starts a Hop3 of its own and pushes two example apps to it: npm run demo
#
#   npm run demo              start (anew, if it runs), push, show the answers
#   npm run demo -- down      stop it
#   npm run demo -- --help    this text
#
# Settings: HOP3_ROOT (its state), HOP3_NIXPKGS (host, a path, or <rev>#<sha256>).
set -euo pipefail
CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
cd "$CHECKOUT"
. scripts/steps.sh
. scripts/code-tree.sh

EXAMPLES=(apps/real-apps-nix/landing apps/test-apps-nix/flask-gunicorn)
DOMAIN=localhost
started=0
work=

choose_user() {
  if [ "$(id -u)" = 0 ]; then
    user=hop3 home=/var/lib/hop3
    root=${HOP3_ROOT:-/var/lib/hop3-demo}
  else
    user=$(id -un) home=$HOME
    root=${HOP3_ROOT:-$HOME/.local/share/hop3-demo}
  fi
  code=$root-code
}

# The package set: what was asked for, else the built-in pin where it can be fetched, else the distribution's own programs.
choose_nixpkgs() {
  local where=https://github.com/NixOS/nixpkgs cache=https://cache.nixos.org/nix-cache-info
  if [ -n "${HOP3_NIXPKGS:-}" ]; then
    nixpkgs=$HOP3_NIXPKGS
    detail "packages: $nixpkgs (HOP3_NIXPKGS)"
  elif answers "$where" && answers "$cache"; then
    nixpkgs=built-in
    detail 'packages: the pinned nixpkgs (github.com and cache.nixos.org answer); the first build fetches it'
  else
    nixpkgs=host
    detail 'packages: those of this distribution (HOP3_NIXPKGS=host), since nixpkgs or its cache cannot be reached from here;'
    detail '          builds from them are not reproducible elsewhere'
  fi
  tools_for=$nixpkgs
  [ "$nixpkgs" = host ] || tools_for=pin
}

answers() { curl --head --silent --fail --location --max-time 5 --output /dev/null "$1"; }

as_user() {
  local path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  local settings=(
    PATH="${node_dir:+$node_dir:}$path" HOME="$home" USER="$user" LOGNAME="$user" LANG=C.UTF-8
    HOP3_ROOT="$root" HOP3_NIXPKGS="$nixpkgs" HOP3_LISTEN="127.0.0.1:${git_port:-7000}" HOP3_HTTP_LISTEN="127.0.0.1:${http_port:-8080}" HOP3_DOMAIN="$DOMAIN"
  )
  local become=()
  if [ "$(id -u)" = 0 ]; then become=(setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --); fi
  # From /, since the user may not be able to enter the directory where root stands.
  (cd / && ${become[@]+"${become[@]}"} env -i "${settings[@]}" "$@")
}

hop3() { as_user "$code/bin/hop3" "$@"; }

prepare_code() {
  if [ "$user" = "$(id -un)" ] || as_user test -r "$CHECKOUT/dist/cli.js" -a -r "$CHECKOUT/node_modules/fastify/package.json" 2>/dev/null; then
    code=$CHECKOUT
    return 0
  fi
  say "The user $user cannot read $CHECKOUT: copying what runs to $code"
  rm -rf "$code.new"
  copy_code "$CHECKOUT" "$code.new"
  rm -rf "$code"
  mv "$code.new" "$code"
}

prepare_root() {
  if [ "$(id -u)" = 0 ]; then install -d -m 700 -o "$user" -g "$(id -g "$user")" "$root"; else install -d -m 700 "$root"; fi
}

stop_running() {
  [ -e "$root/services" ] || return 0
  hop3 down
}

choose_ports() {
  git_port=$(node scripts/free-port.mjs 7000)
  http_port=$(node scripts/free-port.mjs 8080)
}

# Commits the example's files on top of what was pushed before, so that a second run is an ordinary push.
push_example() {
  local dir=$1 app repo
  app=$(basename "$dir")
  repo=$work/$app
  say "git push hop3 main   ($dir)"
  cp -R "$dir" "$repo"
  if [ "$(id -u)" = 0 ]; then chown -R "$user:" "$repo"; fi
  in_repo init --quiet --initial-branch=main
  in_repo remote add hop3 "http://127.0.0.1:$git_port/$app.git"
  # The token stays in its file: it is in no command line and not in the repository's configuration.
  in_repo config credential.helper "!f() { echo username=hop3; echo password=\$(cat '$root/admin.token'); }; f"
  if in_repo fetch --quiet hop3 main 2>/dev/null; then in_repo reset --quiet --soft FETCH_HEAD; fi
  in_repo add --all
  in_repo -c user.name=demo -c user.email=demo@localhost commit --quiet --allow-empty -m "Demo of $(date '+%Y-%m-%d %H:%M:%S')"
  in_repo push hop3 main || {
    warn "The push of $app was rejected; the reason stands above. Hop3 is still running:"
    how_to_stop
    exit 1
  }
}

in_repo() { as_user git -C "$repo" "$@"; }

show_answer() {
  local app=$1
  say "http://$app.$DOMAIN:$http_port/ answers:"
  curl --silent --show-error --fail --max-time 10 --include --resolve "$app.$DOMAIN:$http_port:127.0.0.1" "http://$app.$DOMAIN:$http_port/" >"$work/answer" || {
    warn "$app does not answer through nginx."
    return 1
  }
  tr -d '\r' <"$work/answer" | sed -n '1,14{s/^/       /;p}' | cut -c1-120
}

how_to_stop() {
  detail "stop it:      npm run demo -- down"
}

summary() {
  local app
  say 'Hop3 is running'
  for app in "${EXAMPLES[@]##*/}"; do detail "$app:  http://$app.$DOMAIN:$http_port/"; done
  detail "admin token:  $root/admin.token (readable by $user)"
  detail "your own app: git remote add hop3 \"http://hop3:\$(cat $root/admin.token)@127.0.0.1:$git_port/my-app.git\""
  detail '              git push hop3 main'
  detail "its command:  $(command_line) apps"
  how_to_stop
}

command_line() {
  local line="HOP3_ROOT=$root"
  if [ "$git_port" != 7000 ]; then line+=" HOP3_LISTEN=127.0.0.1:$git_port"; fi
  if [ "$(id -u)" = 0 ]; then line="runuser -u $user -- env $line"; else line="env $line"; fi
  echo "$line $code/bin/hop3"
}

interrupted() {
  trap '' INT TERM
  warn 'Interrupted.'
  if [ "$started" = 1 ]; then
    detail 'Stopping the Hop3 that this run started.'
    hop3 down || true
  fi
  exit 130
}

case ${1:-up} in
  up | down) ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
esac
choose_user
nixpkgs=${HOP3_NIXPKGS:-host}
if [ "${1:-up}" = down ]; then
  [ -e "$root/services" ] || { say "No demo of Hop3 has been started in $root"; exit 0; }
  prepare_code
  node_dir=$(node_for "$user" "$root-node")
  hop3 down
  exit 0
fi

say "This demo starts Hop3 as the user $user, pushes ${#EXAMPLES[@]} example apps to it and shows their answers"
detail 'It installs missing Debian packages and npm packages, and sets Nix up where there is none; each is announced.'
detail "state: $root"
command -v curl >/dev/null || scripts/ensure-tools.sh --for demo
choose_nixpkgs
tool_options=(--for demo --nixpkgs "$tools_for")
if [ "$(id -u)" = 0 ]; then tool_options+=(--user "$user"); fi
scripts/ensure-tools.sh "${tool_options[@]}"
scripts/ensure-packages.sh
npm run --silent build
trap interrupted INT TERM
trap 'rm -rf "$work"' EXIT
prepare_root
node_dir=$(node_for "$user" "$root-node")
prepare_code
work=$(mktemp -d)
chmod 711 "$work"
stop_running
choose_ports
say "Starting Hop3: git and API on 127.0.0.1:$git_port, apps on 127.0.0.1:$http_port"
started=1
hop3 up --detach
for example in "${EXAMPLES[@]}"; do push_example "$example"; done
for example in "${EXAMPLES[@]}"; do show_answer "$(basename "$example")"; done
started=0
summary
