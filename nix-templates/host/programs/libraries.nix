# The distribution's shared libraries, for programs that were built elsewhere. `lib`, `dev` and the other outputs that
# nixpkgs has for them are the one package.
{ link, system }:
let
  library = pname: apt: libraries: extra: link ({ inherit pname apt libraries; programs = [ ]; outputs = [ "lib" "dev" ]; } // extra);

  # Its name stands in every dynamic program for this kind of machine.
  dynamicLinker = { aarch64-linux = "ld-linux-aarch64.so.1"; }.${system} or "ld-linux-x86-64.so.2";
in
{
  glibc = library "glibc" "libc6"
    [ dynamicLinker "libc.so.6" "libm.so.6" "libpthread.so.0" "libdl.so.2" "librt.so.1" "libresolv.so.2" ]
    { optionalLibraries = [ "libutil.so.1" "libanl.so.1" "libmvec.so.1" ]; passthru = { inherit dynamicLinker; }; };

  # nixpkgs reaches it as stdenv.cc.cc.
  gcc-unwrapped = library "gcc" "libstdc++6" [ "libstdc++.so.6" "libgcc_s.so.1" ]
    { optionalLibraries = [ "libgomp.so.1" "libatomic.so.1" "libquadmath.so.0" ]; outputs = [ "lib" "libgcc" ]; };

  zlib = library "zlib" "zlib1g" [ "libz.so.1" ] { };

  libpq = library "libpq" "libpq5" [ "libpq.so.5" ] { };

  krb5 = library "krb5" "libgssapi-krb5-2" [ "libkrb5.so.3" "libgssapi_krb5.so.2" "libk5crypto.so.3" "libcom_err.so.2" ]
    { optionalLibraries = [ "libkrb5support.so.0" ]; };
}
