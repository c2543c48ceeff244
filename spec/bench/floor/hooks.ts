import { join } from 'node:path';
import { CHECKOUT } from '../../e2e/world.ts';

/** The package set that Hop3's own builds take, and no cache asked, as for Hop3. */
const NIX_BUILD = `nix-build "$app/source/hop3.nix" -A package -o "$app/build-$new" -I 'nixpkgs=${join(CHECKOUT, 'nix-templates', 'host')}' --option substituters ''`;

/** Checks out in place, which writes only what changed, and builds: what both hooks begin with. */
const CHECK_OUT_AND_BUILD = (place: string) => `#!/bin/sh
set -e
read -r old new ref
app='${place}'
git --work-tree="$app/source" checkout -q -f main
${NIX_BUILD}
`;

const RENAME = `ln -s "build-$new" "$app/live.next"
mv -T "$app/live.next" "$app/live"
`;

/** A static site by hand: checkout, nix-build, one rename. */
export function staticHook(place: string): string {
  return `${CHECK_OUT_AND_BUILD(place)}${RENAME}`;
}

/**
 * A web app by hand: checkout, nix-build, start on the port that is not in use, wait until it answers, one rename, end the old one.
 * Nothing of git's CGI variables reaches the app: gunicorn takes SCRIPT_NAME for its own.
 */
export function webHook(place: string, ports: readonly [number, number], healthPath: string): string {
  return `${CHECK_OUT_AND_BUILD(place)}command=$(sed -n 's/.*"web":"\\([^"]*\\)".*/\\1/p' "$app/build-$new/hop3/runtime.json")
old_pid=$(cat "$app/pid" 2>/dev/null || true)
if [ "$(cat "$app/port" 2>/dev/null)" = ${ports[0]} ]; then port=${ports[1]}; else port=${ports[0]}; fi
env -i PATH="$PATH" PORT=$port BIND_ADDRESS=127.0.0.1 PYTHONUNBUFFERED=1 setsid sh -c "exec $command" </dev/null >>"$app/log" 2>&1 &
pid=$!
tries=0
until curl -s -f -o /dev/null "http://127.0.0.1:$port${healthPath}"; do
  tries=$((tries + 1))
  [ "$tries" -lt 3000 ]
  sleep 0.01
done
${RENAME}echo "$port" >"$app/port"
echo "$pid" >"$app/pid"
if [ -n "$old_pid" ]; then kill "$old_pid"; fi
`;
}
