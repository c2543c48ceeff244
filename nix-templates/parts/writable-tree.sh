# Brings the program's files from $hop3_tree to $hop3_home, where the application may write. A tree that is there already
# costs one comparison. From one release to the next:
# - a file that the release did not change stays as it is here, also when the application changed or removed it;
# - a file that the release changed is replaced. If the application had changed it, its version goes to .hop3-kept;
# - a file that the release no longer has goes, unless the application had changed it.
# While a release starts, the one before it still serves from the same place. If the new one fails, the old one notices that
# nobody holds the new one's lock any more, and brings its own files back.
hop3_bring_tree() {
  export LC_ALL=C
  cd "$hop3_home/.hop3-tree"
  # Several workers may start at once.
  exec 9> lock
  flock 9
  if [ "$(cat release 2> /dev/null || true)" = "$hop3_tree" ]; then return 0; fi
  rm -rf work
  mkdir -p work/tree
  # Files have lines "<sha256>  <path>", links "<path><tab><target>". The lists with "pending" are of a release that was cut off.
  for hop3_name in files links programs pending-files pending-links; do [ -e "$hop3_name" ] || : > "$hop3_name"; done
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

  cd "$hop3_work"
  # What earlier releases brought and this one does not have so; of that, what is still as they brought it.
  sort -u ../files ../pending-files | comm -23 - files > past
  (cd "$hop3_home" && cut -c67- "$hop3_work/past" | xargs -r -d '\n' sha256sum -- 2> /dev/null || true) | sort | comm -12 - past | cut -c67- | sort -u > untouched
  cut -c67- files | sort | comm -12 - untouched > replace
  : > gone
  if [ -s ../pending-files ]; then
    # What the one that was cut off may have removed.
    cut -c67- ../pending-files | sort -u > pending
    cut -c67- files | sort | comm -23 - pending | while IFS= read -r hop3_path; do [ -e "$hop3_home/$hop3_path" ] || printf '%s\n' "$hop3_path"; done > gone
  fi
  comm -13 ../files files | cut -c67- | sort -u - replace gone > bring
  comm -23 untouched bring > remove
  comm -13 untouched bring > look
  sort -u ../links ../pending-links | comm -23 - links > past-links
  if [ -s ../pending-links ]; then cp links bring-links; else comm -13 ../links links > bring-links; fi

  printf '%s\n' "$hop3_tree" > ../owner
  rm -f ../release
  cat files >> ../pending-files
  cat links >> ../pending-links
  sort -u -o ../pending-files ../pending-files
  sort -u -o ../pending-links ../pending-links

  cd "$hop3_home"
  xargs -r -d '\n' rm -f -- < "$hop3_work/remove"
  while IFS='	' read -r hop3_path hop3_target; do
    if [ "$(readlink "$hop3_path" || true)" = "$hop3_target" ]; then rm -f -- "$hop3_path"; fi
  done < "$hop3_work/past-links"
  # Some programs take every directory in a place for a plugin, an empty one too.
  sed 's,/[^/]*$,,' "$hop3_work/remove" | sort -u | { xargs -r -d '\n' rmdir -p --ignore-fail-on-non-empty -- 2> /dev/null || true; }
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
  rm -rf work pending-files pending-links
  printf '%s\n' "$hop3_tree" > release
  # Of releases that nobody runs any more.
  for hop3_name in use.*; do flock -n "$hop3_name" rm -f "$hop3_name" || true; done
}
hop3_keep() {
  hop3_kept=".hop3-kept/$(date -u +%Y-%m-%dT%H-%M-%S)"
  echo "hop3: $1 had been changed here, and this release brings its own; what was here is now $hop3_kept/$1" >&2
  mkdir -p "$(dirname "$hop3_kept/$1")"
  chmod 700 .hop3-kept
  mv -f -- "$1" "$hop3_kept/$1"
}
hop3_lock() { printf 'use.%.16s' "$(printf '%s' "$1" | sha256sum)"; }
hop3_watch_tree() {
  cd "$hop3_home/.hop3-tree"
  # $$ is the worker, also when it is another program by then.
  while sleep 2 && kill -0 "$$"; do
    read -r hop3_owner < owner || continue
    if [ "$hop3_owner" != "$hop3_tree" ] && flock -n "$(hop3_lock "$hop3_owner")" true; then (hop3_bring_tree); fi
  done
}
hop3_hold_tree() {
  mkdir -p "$hop3_home/.hop3-tree"
  chmod 700 "$hop3_home/.hop3-tree"
  # Held by every process of this worker, for as long as there is one.
  exec 8> "$hop3_home/.hop3-tree/$(hop3_lock "$hop3_tree")"
  flock -s 8
}
hop3_hold_tree
if [ "$(cat "$hop3_home/.hop3-tree/release" 2> /dev/null || true)" != "$hop3_tree" ]; then (hop3_bring_tree); fi
(hop3_watch_tree < /dev/null > /dev/null 2>&1 &)
