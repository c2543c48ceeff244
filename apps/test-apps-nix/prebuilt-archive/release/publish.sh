#!/bin/sh
# Makes the release in a directory, packed in three ways: publish.sh DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
top=site-1.0
rm -rf "$top"
mkdir -p "$top/bin" "$top/lib"
gcc -O2 -shared -fPIC -Wl,-soname,libmotto.so.1 -o "$top/lib/libmotto.so.1" "$here/motto.c"
# Its makers had it look for the library beside itself.
gcc -O2 -o "$top/bin/site-server" "$here/site.c" "$top/lib/libmotto.so.1" -Wl,-rpath,'$ORIGIN/../lib'
cp -p "$here/site-about" "$top/bin/"
cp -r "$here/web" "$top/web"
tar --sort=name --owner=0 --group=0 -czf "$top-linux-amd64.tar.gz" "$top"
tar --sort=name --owner=0 --group=0 -cJf "$top-linux-amd64.tar.xz" "$top"
rm -f "$top-linux-amd64.zip"
zip -qrX "$top-linux-amd64.zip" "$top"
ls -l
