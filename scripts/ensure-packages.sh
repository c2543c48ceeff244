#!/usr/bin/env bash
# Installs the npm packages where they are missing or older than package-lock.json: scripts/ensure-packages.sh [--dry-run]
#
# better-sqlite3 is fetched ready-made where its host can be reached, and compiled otherwise (about two minutes; make, g++
# and python3 are installed for that, and Node's own headers are taken instead of fetched).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh
[ "${1:-}" != --dry-run ] || DRY_RUN=1

check_node() {
  command -v node >/dev/null || die 'Node is not installed. Hop3 needs Node 20 or 22: https://nodejs.org/en/download'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a === 20 && b >= 11 || a > 20 && a < 23 ? 0 : 1)' ||
    die "Node $(node --version) cannot be used. Hop3 needs Node 20.11 or newer, below 23."
}

# What was installed: the lock file's text and the Node it was compiled for.
wanted() { { cat package-lock.json; node -p 'process.versions.modules + process.arch'; } | sha256sum | cut -d' ' -f1; }

npm_ci() {
  # Node's headers, if this Node brought them: node-gyp would fetch them otherwise.
  local prefix
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [ -e "$prefix/include/node/node.h" ]; then export npm_config_nodedir=$prefix; fi
  npm ci --no-audit --no-fund --loglevel=error >"$log" 2>&1 && loads
}

loads() { node -e 'new (require("better-sqlite3"))(":memory:").close()' >>"$log" 2>&1; }

# The cause stands at the beginning of what npm says, the compiler's at the end.
give_up() {
  { head -n 15 "$log"; echo ...; tail -n 25 "$log"; } >&2
  die 'npm ci failed; what it said stands above.'
}

check_node
STAMP=node_modules/.hop3-installed
if [ -e "$STAMP" ] && [ "$(cat "$STAMP")" = "$(wanted)" ]; then exit 0; fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if node scripts/packages-current.mjs && loads; then
  dry || wanted >"$STAMP"
  exit 0
fi
if dry; then detail 'would run: npm ci   (node_modules is missing or older than package-lock.json)'; exit 0; fi

say 'Installing the npm packages (npm ci); better-sqlite3 may have to be compiled, which takes two minutes'
if ! npm_ci; then
  needed=()
  command -v make >/dev/null || needed+=(make)
  command -v g++ >/dev/null || needed+=(g++)
  command -v python3 >/dev/null || needed+=(python3)
  if [ ${#needed[@]} = 0 ]; then give_up; fi
  say "Compiling needs ${needed[*]}; installing them with apt-get"
  can_be_root || die "This needs root. Run as root: apt-get install --no-install-recommends ${needed[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needed[@]}" >/dev/null
  npm_ci || give_up
fi
wanted >"$STAMP"
