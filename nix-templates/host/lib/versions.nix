lib: rec {
  splitVersion = builtins.splitVersion;
  major = v: builtins.elemAt (splitVersion v) 0;
  minor = v: builtins.elemAt (splitVersion v) 1;
  patch = v: builtins.elemAt (splitVersion v) 2;
  majorMinor = v: lib.concatStringsSep "." (lib.take 2 (splitVersion v));
  pad = n: version:
    let
      numeric = builtins.head (lib.splitString "-" version);
      suffix = lib.removePrefix numeric version;
      given = lib.versions.splitVersion numeric;
    in
    lib.concatStringsSep "." (lib.take n (given ++ lib.replicate n "0")) + suffix;
}
