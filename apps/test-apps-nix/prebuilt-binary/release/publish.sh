#!/bin/sh
# Makes the release in a directory and prints what was made: publish.sh DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
gcc -O2 -o hello-1.0-linux-amd64 "$here/hello.c"
gcc -O2 -static -o hello-1.0-linux-amd64-static "$here/hello.c"
# What deno, bun or pkg do: the program, its data, and at the very end where the data begins.
data='attached to the program'
{ cat hello-1.0-linux-amd64; printf '%sATTACHED\027\000\000\000\000\000\000\000' "$data"; } > hello-1.0-linux-amd64-self-contained
ls -l
