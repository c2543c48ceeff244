lib: rec {
  flakeExposed = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];

  # The few facts about a platform that application files ask for.
  elaborate = given:
    let
      system = if builtins.isString given then given else given.system;
      parts = lib.splitString "-" system;
      cpu = builtins.elemAt parts 0;
      kernel = builtins.elemAt parts 1;
    in
    {
      inherit system;
      config = "${cpu}-unknown-${kernel}-gnu";
      parsed = { cpu = { name = cpu; }; kernel = { name = kernel; }; };
      isLinux = kernel == "linux";
      isDarwin = kernel == "darwin";
      isUnix = true;
      isWindows = false;
      isx86 = cpu == "x86_64" || cpu == "i686";
      isx86_64 = cpu == "x86_64";
      isAarch64 = cpu == "aarch64";
      isAarch32 = lib.hasPrefix "armv" cpu;
      is64bit = lib.hasSuffix "64" cpu || lib.hasSuffix "64le" cpu;
      isGnu = kernel == "linux";
      isMusl = false;
      isStatic = false;
      extensions = { sharedLibrary = if kernel == "darwin" then ".dylib" else ".so"; executable = ""; };
      linuxArch = if cpu == "aarch64" then "arm64" else cpu;
      uname = { system = if kernel == "linux" then "Linux" else "Darwin"; processor = cpu; };
    };
}
