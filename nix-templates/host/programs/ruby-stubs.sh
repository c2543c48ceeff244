# Writes a program for every executable of the gems: it sets Bundler up with the env's Gemfile and starts the gem's own. Sourced by
# bundlerEnv's builder.
mkdir -p "$out/bin"
stub() { # GEM EXECUTABLE
    cat > "$out/bin/$2" <<STUB
#!$ruby/bin/ruby
ENV["BUNDLE_GEMFILE"] = "$gemfile"
ENV.delete "BUNDLE_PATH"
ENV["BUNDLE_FROZEN"] = "1"
ENV["BUNDLE_IGNORE_CONFIG"] = "1"

Gem.paths = { "GEM_HOME" => "$gemHome", "GEM_PATH" => "$gemHome" }

require "bundler"
Bundler.setup($groups)

load Gem.bin_path("$1", "$2")
STUB
    chmod +x "$out/bin/$2"
}

for path in $stubsOf; do
    for executable in $(cat "$path/nix-support/gem-meta/executables"); do
        stub "$(cat "$path/nix-support/gem-meta/name")" "$executable"
    done
done
# nixpkgs has bundler among the gems, and with it these.
for executable in bundle bundler; do
    if [ ! -e "$out/bin/$executable" ]; then stub bundler "$executable"; fi
done
