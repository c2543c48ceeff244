# The certificates of Debian's ca-certificates, in one file. /etc/ssl is not in the sandbox; what it is made of is.
{ lib, runCommand }:
runCommand "nss-cacert-host"
  {
    preferLocalBuild = true;
    allowSubstitutes = false;
    meta.platforms = lib.platforms.all;
    setupHook = builtins.toFile "cacert-hook.sh" ''
      export NIX_SSL_CERT_FILE=@out@/etc/ssl/certs/ca-bundle.crt
      export SSL_CERT_FILE=@out@/etc/ssl/certs/ca-bundle.crt
    '';
  }
  ''
    certificates=(/usr/share/ca-certificates/*/*.crt)
    if [ ''${#certificates[@]} -eq 0 ]; then
      echo "error: the host package set has no cacert: apt-get install ca-certificates, or use a real nixpkgs" >&2
      exit 1
    fi
    mkdir -p "$out/etc/ssl/certs" "$out/nix-support"
    cat "''${certificates[@]}" > "$out/etc/ssl/certs/ca-bundle.crt"
    ln -s ca-bundle.crt "$out/etc/ssl/certs/ca-certificates.crt"
    substitute "$setupHook" "$out/nix-support/setup-hook" --subst-var out
  ''
