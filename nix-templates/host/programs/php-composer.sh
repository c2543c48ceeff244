# Builder of the distribution's composer, run by a PHP of this set: $1. Debian's own first line goes through /etc.
program=/usr/bin/composer
if [ ! -e "$program" ]; then
    echo "error: the host package set has no composer: apt-get install composer, or use a real nixpkgs (this machine has no program composer)" >&2
    exit 1
fi
mkdir -p "$out/bin"
# composer runs unzip and git where it finds them.
cat > "$out/bin/composer" <<WRAPPER
#!/bin/sh
export PATH="\${PATH:+\$PATH:}$1/bin:/usr/bin:/bin"
exec "$1/bin/php" "$program" "\$@"
WRAPPER
chmod +x "$out/bin/composer"
