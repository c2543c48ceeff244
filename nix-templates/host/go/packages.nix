# Go: the machine's. A numbered one is also found where Debian puts a second version, /usr/lib/go-1.N, and where go.dev's archive
# goes, /usr/local/go; it builds only where the number is right.
{ lib, link, system }:
let
  architectures = { x86_64-linux = "amd64"; aarch64-linux = "arm64"; i686-linux = "386"; armv7l-linux = "arm"; };
  go = minor: link {
    pname = if minor == null then "go" else "go_1_${minor}";
    apt = if minor == null then "golang-go" else "golang-1.${minor}-go";
    mainProgram = "go";
    programs = [ "go" ];
    optionalPrograms = [ "gofmt" ];
    from = lib.optionals (minor != null) [ "/usr/lib/go-1.${minor}/bin" "/usr/local/go/bin" ] ++ [ "/usr/bin" ];
    check = lib.optionalString (minor != null) ''
      have="$(GOTOOLCHAIN=local HOME=/nowhere "$out/bin/go" version)"
      have="''${have#go version go}"
      have="''${have%% *}"
      if [[ "$have" != 1.${minor} && "$have" != 1.${minor}.* ]]; then
        minor="''${have#1.}"
        refuse "this machine has Go $have; use go_1_''${minor%%.*} or go, install Go 1.${minor}, or use a real nixpkgs"
      fi
    '';
    passthru = {
      GOOS = "linux";
      GOARCH = architectures.${system} or (throw "the host package set does not know Go's name for ${system}");
      CGO_ENABLED = 1;
    };
    meta.homepage = "https://go.dev";
  };
in
{ go = go null; }
// lib.listToAttrs (map (minor: lib.nameValuePair "go_1_${minor}" (go minor)) (map toString (lib.range 19 28)))
