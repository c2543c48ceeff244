# Installs one gem; see ruby-bundler-env.nix. Sourced by its builder.
export HOME="$TMPDIR" GEM_HOME="$out/$gemDirectory"
GEM_PATH="$GEM_HOME"
for other in $gemPath; do GEM_PATH="$GEM_PATH:$other/$gemDirectory"; done
export GEM_PATH
mkdir -p "$GEM_HOME"

cp "$gem" "$gemName-$version.gem"
if ! extensions="$(ruby -rrubygems/package -e 'puts Gem::Package.new(ARGV[0]).spec.extensions' "$gemName-$version.gem")"; then
    echo "error: $gemName-$version.gem is not a gem" >&2
    exit 1
fi
if [ -n "$extensions" ] && ! ruby -rrbconfig -e 'exit File.exist?(File.join(RbConfig::CONFIG["rubyhdrdir"], "ruby.h"))'; then
    echo "error: the host package set has no headers of Ruby, and the gem $gemName has C code: apt-get install ruby-dev gcc make, or use a real nixpkgs" >&2
    exit 1
fi

gem install --local --force --ignore-dependencies --no-document --no-user-install --backtrace \
    --install-dir "$GEM_HOME" --bindir "$GEM_HOME/bin" "$gemName-$version.gem" -- $buildFlags

# What is left of the installation and of compiling, with paths and times of the build in it.
rm -rf "$GEM_HOME/cache" "$GEM_HOME/doc" "$GEM_HOME/build_info"
find "$GEM_HOME" \( -name Makefile -o -name mkmf.log -o -name gem_make.out -o -name '*.o' \) -path '*/ext*' -delete

mkdir -p "$out/nix-support/gem-meta"
echo -n "$gemName" > "$out/nix-support/gem-meta/name"
ruby -e 'print Gem::Specification.load(ARGV[0]).executables.join(" ")' "$GEM_HOME"/specifications/*.gemspec > "$out/nix-support/gem-meta/executables"
