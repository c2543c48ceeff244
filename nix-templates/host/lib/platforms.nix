lib: rec {
  linux = [ "x86_64-linux" "aarch64-linux" "i686-linux" "armv7l-linux" "riscv64-linux" "powerpc64le-linux" ];
  darwin = [ "x86_64-darwin" "aarch64-darwin" ];
  unix = linux ++ darwin;
  all = unix;
  x86_64 = lib.filter (lib.hasPrefix "x86_64-") all;
  x86 = x86_64 ++ [ "i686-linux" ];
  aarch64 = lib.filter (lib.hasPrefix "aarch64-") all;
  none = [ ];
}
