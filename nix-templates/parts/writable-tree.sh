# Brings the program's files from $hop3_tree to $hop3_home, where the application may write. A tree that is there already
# costs one comparison. From one release to the next:
# - a file that the release did not change stays as it is here, also when the application changed or removed it;
# - a file that the release changed is replaced. If the application had changed it, its version goes to .hop3-kept;
# - a file that the release no longer has goes, unless the application had changed it.
hop3_bring_tree() {
  export LC_ALL=C
  mkdir -p "$hop3_home/.hop3-tree"
  cd "$hop3_home/.hop3-tree"
  chmod 700 .
  # Several workers may start at once.
  exec 9> lock
  if command -v flock > /dev/null; then flock 9; fi
  if [ "$(cat release 2> /dev/null || true)" = "$hop3_tree" ]; then return 0; fi
  rm -rf work
  mkdir -p work/tree

  # Files have lines "<sha256>  <path>", links "<path><tab><target>".
  for hop3_list in files links programs; do [ -e "$hop3_list" ] || : > "$hop3_list"; done
  hop3_work="$PWD/work"
  cd "$hop3_tree"
  if find "$hop3_follow" . -name '*[\[:cntrl:]]*' | grep . >&2; then
    echo "hop3: cannot copy files with a backslash, a tab or a line end in their names" >&2
    return 1
  fi
  find "$hop3_follow" . -type f -exec sha256sum -- {} + | sort > "$hop3_work/files"
  find "$hop3_follow" . -type l -printf '%p\t%l\n' | sort > "$hop3_work/links"
  find "$hop3_follow" . -type f -perm -u+x | sort > "$hop3_work/programs"
  find "$hop3_follow" . -type d > "$hop3_work/directories"

  # Lines of the release before that hold no more, and those that are new.
  cd "$hop3_work"
  comm -23 ../files files > past
  comm -13 ../files files | cut -c67- | sort > bring
  comm -23 ../links links > past-links
  comm -13 ../links links > bring-links
  cd "$hop3_home"
  # Of the past files, those that are still as the release before had brought them.
  cut -c67- "$hop3_work/past" | { xargs -r -d '\n' sha256sum -- 2> /dev/null || true; } | sort | comm -12 - "$hop3_work/past" | cut -c67- | sort > "$hop3_work/untouched"
  comm -23 "$hop3_work/untouched" "$hop3_work/bring" > "$hop3_work/remove"
  xargs -r -d '\n' rm -f -- < "$hop3_work/remove"
  while IFS='	' read -r hop3_path hop3_target; do
    if [ "$(readlink "$hop3_path" || true)" = "$hop3_target" ]; then rm -f -- "$hop3_path"; fi
  done < "$hop3_work/past-links"
  # Some programs take every directory in a place for a plugin, an empty one too.
  sed 's,/[^/]*$,,' "$hop3_work/remove" | sort -u | { xargs -r -d '\n' rmdir -p --ignore-fail-on-non-empty -- 2> /dev/null || true; }

  comm -13 "$hop3_work/untouched" "$hop3_work/bring" > "$hop3_work/look"
  while IFS= read -r hop3_path; do
    if { [ -e "$hop3_path" ] || [ -L "$hop3_path" ]; } && ! cmp -s -- "$hop3_path" "$hop3_tree/$hop3_path"; then hop3_keep "$hop3_path"; fi
  done < "$hop3_work/look"
  xargs -r -d '\n' mkdir -p -- < "$hop3_work/directories"
  # The store's directories are read-only, and cp would make its own so.
  (cd "$hop3_work/tree" && sed 's,/[^/]*$,,' ../bring | sort -u | xargs -r -d '\n' mkdir -p --)
  (cd "$hop3_tree" && xargs -r -d '\n' cp "$hop3_follow" --parents -t "$hop3_work/tree" --) < "$hop3_work/bring"
  chmod -R u+w "$hop3_work/tree"
  # Each file takes its place at once, complete.
  (cd "$hop3_work/tree" && xargs -r -d '\n' cp -lPf --parents -t "$hop3_home" --) < "$hop3_work/bring"
  while IFS='	' read -r hop3_path hop3_target; do
    if [ "$(readlink "$hop3_path" || true)" = "$hop3_target" ]; then continue; fi
    if [ -e "$hop3_path" ] || [ -L "$hop3_path" ]; then hop3_keep "$hop3_path"; fi
    ln -s -- "$hop3_target" "$hop3_path"
  done < "$hop3_work/bring-links"
  comm -23 .hop3-tree/programs "$hop3_work/programs" | { xargs -r -d '\n' chmod a-x -- 2> /dev/null || true; }
  comm -13 .hop3-tree/programs "$hop3_work/programs" | { xargs -r -d '\n' chmod u+x -- 2> /dev/null || true; }

  cd .hop3-tree
  mv -f work/files work/links work/programs .
  rm -rf work
  printf '%s\n' "$hop3_tree" > release
}
hop3_keep() {
  hop3_kept=".hop3-kept/$(date -u +%Y-%m-%dT%H-%M-%S)"
  echo "hop3: $1 had been changed here, and this release brings its own; what was here is now $hop3_kept/$1" >&2
  mkdir -p "$(dirname "$hop3_kept/$1")"
  chmod 700 .hop3-kept
  mv -f -- "$1" "$hop3_kept/$1"
}
if [ "$(cat "$hop3_home/.hop3-tree/release" 2> /dev/null || true)" != "$hop3_tree" ]; then (hop3_bring_tree); fi
