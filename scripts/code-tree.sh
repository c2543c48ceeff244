# shellcheck shell=bash
# Sourced: copies what runs Hop3 out of a checkout, into a tree that any user can read.

CODE=(dist hooks bin nix-templates nginx-templates docs schema package.json package-lock.json .npmrc)

# copy_code FROM TO: TO must be missing. Needs the rights to write there.
copy_code() {
  local from=$1 to=$2 name
  mkdir -p "$to"
  for name in "${CODE[@]}"; do
    if [ -e "$from/$name" ]; then cp -R --no-preserve=ownership "$from/$name" "$to/"; fi
  done
  cp -R --no-preserve=ownership "$from/node_modules" "$to/"
  # Without the compiler, the linter and the like.
  (cd "$to" && npm prune --omit=dev --offline --ignore-scripts --loglevel=error >/dev/null)
  chmod -R a+rX,go-w "$to"
}

# The node that a user can run: the one in PATH, or a copy of it in DIR where it lies in someone's home.
# Prints a directory for the front of PATH, or nothing.
node_for() {
  local user=$1 dir=$2 node
  node=$(readlink -f "$(command -v node)")
  if [ "$user" = "$(id -un)" ] || quiet_as_root setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups -- "$node" --version >/dev/null 2>&1; then
    case $node in
      /usr/bin/* | /usr/local/bin/* | /bin/*) ;;
      *) dirname "$node" ;;
    esac
    return 0
  fi
  quiet_as_root install -D -m 755 "$node" "$dir/node"
  echo "$dir"
}
