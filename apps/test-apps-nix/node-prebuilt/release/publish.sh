#!/bin/sh
# Makes the release in a directory: publish.sh DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
# As Wiki.js does it: no directory at the top.
tar -C "$here" --transform="s/^packages/node_modules/" --sort=name --owner=0 --group=0 --mtime=@0 -czf "$1/parlour-1.0.tar.gz" bin packages package.json server
ls -l "$1"
