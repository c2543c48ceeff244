#!/usr/bin/env bash
# Installs Hop3 from this checkout as a server that stays: scripts/install.sh --with nix
#
#   --with nix             what builds the apps; Nix is the one there is, and has to be named
#   --domain DOMAIN        apps answer at <app>.DOMAIN. Default: localhost
#   --nixpkgs SET          host, built-in, a path, or <rev>#<sha256>. Default: built-in
#   --listen ADDR:PORT     git and API. Default: 127.0.0.1:7000
#   --tls-cert FILE --tls-key FILE  PEM files that the user hop3 may read: TLS for git and the API. An ADDR beyond this machine needs them
#   --http-listen ADDR:PORT  the apps. Default: 0.0.0.0:80
#   --single-user          Nix without a daemon
#   --yes                  add what is missing to a nix.conf that somebody else wrote
#   --dry-run              say every step, change nothing
#
# Run again it repairs and upgrades; /etc/hop3/hop3.env and /var/lib/hop3 are kept. Options other than --with count only
# as long as there is no /etc/hop3/hop3.env.
set -euo pipefail
CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
cd "$CHECKOUT"
. scripts/steps.sh
. scripts/code-tree.sh

USER_NAME=hop3
ROOT=/var/lib/hop3
PREFIX=/opt/hop3
ENV_FILE=/etc/hop3/hop3.env
UNIT=/etc/systemd/system/hop3.service
KEPT_VERSIONS=3

with='' domain=localhost nixpkgs=built-in listen=127.0.0.1:7000 http_listen=0.0.0.0:80 tls_cert='' tls_key='' tool_options=()
while [ $# -gt 0 ]; do
  case $1 in
    --with) with=${2:-}; shift ;;
    --domain) domain=${2:-}; shift ;;
    --nixpkgs) nixpkgs=${2:-}; shift ;;
    --listen) listen=${2:-}; shift ;;
    --tls-cert) tls_cert=${2:-}; shift ;;
    --tls-key) tls_key=${2:-}; shift ;;
    --http-listen) http_listen=${2:-}; shift ;;
    --single-user) tool_options+=(--single-user) ;;
    --yes) tool_options+=(--yes) ;;
    --dry-run) DRY_RUN=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    *) die "install.sh: unknown option $1. Its options: scripts/install.sh --help" ;;
  esac
  shift
done
[ "$with" = nix ] || die 'Say what builds the apps: scripts/install.sh --with nix'
for word in "$domain" "$nixpkgs" "$listen" "$http_listen"; do
  case $word in '' | *[!A-Za-z0-9.:/#+=_\[\]-]*) die "\"$word\" cannot be used as a value here." ;; esac
done

for file in "$tls_cert" "$tls_key"; do
  case $file in '' | /*) ;; *) die "\"$file\" must be an absolute path." ;; esac
  case $file in *[!A-Za-z0-9./_+@=-]*) die "\"$file\" cannot be used as a path here." ;; esac
done
if [ -z "$tls_cert" ] && [ -n "$tls_key" ] || [ -n "$tls_cert" ] && [ -z "$tls_key" ]; then die 'Give both --tls-cert and --tls-key, or neither.'; fi
case $listen in
  127.* | localhost:* | '[::1]:'*) ;;
  *) [ -n "$tls_cert" ] || [ -e "$ENV_FILE" ] || die "--listen $listen can be reached from other machines, and git and the API would speak plain HTTP there: give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy with TLS." ;;
esac

# What is installed counts more than the options: the file is the place to change a setting.
setting() { quiet_as_root sed -n "s/^$1=//p" "$ENV_FILE" 2>/dev/null | tail -n 1; }

# The certificate is for the names that others use, not for the loopback address that is asked here.
scheme() { if [ -n "$(setting HOP3_TLS_CERT)" ]; then echo https; else echo http; fi; }

install_tools() {
  say 'Tools'
  local set=$nixpkgs
  if quiet_as_root test -e "$ENV_FILE"; then set=$(setting HOP3_NIXPKGS); fi
  [ "$set" = host ] || set=pin
  tool_options+=(--for server --nixpkgs "$set" --user "$USER_NAME")
  if dry; then tool_options+=(--dry-run); fi
  scripts/ensure-tools.sh "${tool_options[@]}"
}

build_code() {
  say 'Building Hop3'
  if dry; then scripts/ensure-packages.sh --dry-run; detail 'would run: npm run build'; return 0; fi
  scripts/ensure-packages.sh
  npm run --silent build
}

# A directory of its own for each installed version, root's; a symlink names the one in use.
install_code() {
  local version target
  version=$(node -p 'require("./package.json").version')-$(date -u +%Y%m%dT%H%M%SZ)
  target=$PREFIX/$version
  say "Code: $target"
  if dry; then
    detail "would copy ${CODE[*]} and node_modules (without the development packages)"
    detail "would point $PREFIX/current at it, and keep the $KEPT_VERSIONS newest versions"
    detail "would link /usr/local/bin/hop3 to $PREFIX/current/bin/hop3"
    return 0
  fi
  local staging
  staging=$(mktemp -d)
  copy_code "$CHECKOUT" "$staging/code"
  as_root install -d -m 755 "$PREFIX"
  quiet_as_root cp -R --no-preserve=ownership "$staging/code" "$target.new"
  rm -rf "$staging"
  quiet_as_root chown -R root:root "$target.new"
  node_dir=$(node_for "$USER_NAME" "$target.new/node")
  [ "$node_dir" != "$target.new/node" ] || node_dir=$PREFIX/current/node
  quiet_as_root mv -T "$target.new" "$target"
  quiet_as_root ln -sfn "$target" "$PREFIX/current.new"
  as_root mv -fT "$PREFIX/current.new" "$PREFIX/current"
  as_root ln -sfn "$PREFIX/current/bin/hop3" /usr/local/bin/hop3
  # shellcheck disable=SC2012 # the names are our own
  ls -1d "$PREFIX"/*-*Z | sort -r | tail -n "+$((KEPT_VERSIONS + 1))" | while read -r old; do as_root rm -rf "$old"; done
}

install_settings() {
  say "State: $ROOT, settings: $ENV_FILE"
  as_root install -d -m 700 -o "$USER_NAME" -g "$USER_NAME" "$ROOT"
  as_root install -d -m 755 /etc/hop3
  if quiet_as_root test -e "$ENV_FILE"; then
    detail "$ENV_FILE is there already and stays as it is"
    return 0
  fi
  write_as_root "$ENV_FILE" 644 <<SETTINGS
# Settings of the Hop3 server; docs/operations.md lists them all. After a change: systemctl restart hop3
HOP3_ROOT=$ROOT
HOP3_LISTEN=$listen
HOP3_HTTP_LISTEN=$http_listen
${tls_cert:+HOP3_TLS_CERT=$tls_cert
}${tls_key:+HOP3_TLS_KEY=$tls_key
}HOP3_DOMAIN=$domain
HOP3_NIXPKGS=$nixpkgs
SETTINGS
}

unit_text() {
  cat <<UNIT
[Unit]
Description=Hop3: git push, and the app is live
Documentation=file://$PREFIX/current/docs/operations.md
Wants=network-online.target nix-daemon.service
After=network-online.target nix-daemon.service

[Service]
User=$USER_NAME
Group=$USER_NAME
EnvironmentFile=$ENV_FILE
Environment=HOME=$ROOT PATH=${node_dir:+$node_dir:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WorkingDirectory=$ROOT
ExecStart=/usr/local/bin/hop3 up
# For nginx, which listens on port 80 without being root.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
Restart=always
RestartSec=2
# SIGTERM goes to \`hop3 up\` alone, which lets requests in flight end; whatever is left is killed after the time below.
KillMode=mixed
TimeoutStopSec=90
Delegate=yes
LimitNOFILE=65536
TasksMax=infinity
UMask=0077
# Each app has a sandbox of its own, made with user namespaces and a /proc of its own: RestrictNamespaces, ProtectProc,
# ProtectKernelTunables and the like would make that impossible.
NoNewPrivileges=yes
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes
RestrictRealtime=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
UNIT
}

start_service() {
  if systemd_runs; then
    say 'Service'
    local before
    before=$(quiet_as_root cat "$UNIT" 2>/dev/null || true)
    unit_text | write_as_root "$UNIT" 644
    as_root systemctl daemon-reload
    as_root systemctl enable --quiet hop3.service
    if systemctl is-active --quiet hop3.service; then
      replace_server
      dry || [ "$before" = "$(unit_text)" ] || warn 'The unit has changed, which counts from the next full start: systemctl restart hop3 (apps are away for some seconds)'
    else
      as_root systemctl restart hop3.service
    fi
    dry || wait_until_ready
  else
    say 'There is no systemd here: nothing starts Hop3 at boot. Its unit would be this, kept for reading:'
    unit_text | write_as_root "$PREFIX/hop3.service" 644
    if quiet_as_root pgrep -u "$USER_NAME" s6-svscan >/dev/null; then replace_server; fi
    detail 'Start it by hand, as root (setpriv gives port 80 to the user hop3 and nothing else):'
    detail "    $(start_by_hand)"
  fi
}

# The apps go on: only the server is another one afterwards. It takes the settings of the server that runs, and those of the file.
replace_server() {
  if dry; then detail 'would replace the running server alone: hop3 up --detach, as the user hop3; the apps go on'; return 0; fi
  local settings=()
  mapfile -t settings < <(quiet_as_root grep -E '^HOP3_[A-Z0-9_]+=' "$ENV_FILE")
  quiet_as_root setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --init-groups env -i "HOME=$ROOT" \
    "PATH=${node_dir:+$node_dir:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "${settings[@]}" hop3 up --detach
}

start_by_hand() {
  echo "env -i HOME=$ROOT PATH=${node_dir:+$node_dir:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \$(grep -v '^#' $ENV_FILE) setpriv --reuid $USER_NAME --regid $USER_NAME --init-groups --inh-caps +net_bind_service --ambient-caps +net_bind_service hop3 up --detach"
}

wait_until_ready() {
  local address
  address=$(setting HOP3_LISTEN)
  for _ in $(seq 1 60); do
    if curl --silent --fail --insecure --max-time 2 --output /dev/null "$(scheme)://${address/#0.0.0.0/127.0.0.1}/healthz"; then return 0; fi
    sleep 1
  done
  warn "Hop3 does not answer on $address after 60 s. Its last words:"
  quiet_as_root journalctl -u hop3 -n 20 --no-pager >&2 || true
  exit 1
}

summary() {
  if dry; then say 'Nothing was changed: this was a dry run.'; return 0; fi
  local address
  address=$(setting HOP3_LISTEN)
  say 'Installed'
  detail "settings:    $ENV_FILE"
  detail "admin token: $ROOT/admin.token (made at the first start; readable by $USER_NAME and root)"
  detail "apps at:     http://<app>.$(setting HOP3_DOMAIN)/   (listening on $(setting HOP3_HTTP_LISTEN))"
  detail "to push:     git remote add hop3 $(scheme)://hop3:<token>@$address/<app>.git && git push hop3 main"
  detail "state of it: runuser -u $USER_NAME -- hop3 status"
}

say "Installing Hop3: the user $USER_NAME, code in $PREFIX, state in $ROOT, settings in $ENV_FILE"
if ! dry && ! can_be_root; then die 'This needs root or sudo.'; fi
node_dir=
install_tools
build_code
install_code
install_settings
start_service
summary
