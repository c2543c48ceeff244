#!/usr/bin/env bash
# npm test: builds, then runs every check and every spec. Ends with `N passed, N failed`.
# npm run torture: the long forms, which load the machine for an hour or more. `npm run torture -- crash` picks by file name.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

# A failure before the specs counts as one: whoever reads the last line alone must not take it for a success.
trap 'status=$?; if [ "$status" != 0 ] && [ -z "${specs_ran:-}" ]; then printf "\n0 passed, 1 failed\n"; fi' EXIT

if [ "${1:-}" = torture ]; then
  say 'npm run torture: tools, build, the long forms of the specs (an hour or more)'
else
  say 'npm test: tools, build, checks, unit specs, end-to-end specs (about ten minutes, of which two may be npm ci)'
fi
user=()
if [ "$(id -u)" = 0 ]; then user=(--user hop3-spec); fi
scripts/ensure-tools.sh --for test ${user[@]+"${user[@]}"}
scripts/ensure-packages.sh
say 'Building'
npm run --silent build
if [ "${1:-}" = torture ]; then
  say 'Long forms'
  specs_ran=1
  exec node spec/run.mjs torture "${2:-}"
fi
say 'Checks'
npm run --silent checks
say 'Specs'
specs_ran=1
node spec/run.mjs all
