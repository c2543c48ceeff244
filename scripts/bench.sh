#!/usr/bin/env bash
# npm run bench -- [case ...] [--runs N] [--quick] [--out FILE] [--markdown FILE]: what it needs, a build, the cases. See docs/performance.md.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

user=()
if [ "$(id -u)" = 0 ]; then user=(--user hop3-spec); fi
scripts/ensure-tools.sh --for test ${user[@]+"${user[@]}"}
scripts/ensure-packages.sh
npm run --silent build
exec node --import tsx spec/bench/main.ts "$@"
