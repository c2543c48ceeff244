# A package made of the distribution's programs and libraries: its bin/ and lib/ hold links to them. Whether they are
# installed is only known while it is built (evaluation cannot look at /usr), so that is when a missing one is told, with
# the package to install.
{ lib, system }:
{ pname
, # Debian's package.
  apt
, # Program names; an attribute `{ awk = [ "gawk" "mawk" ]; }` names the files to look for, patterns allowed.
  programs ? [ pname ]
, # Linked when they are there.
  optionalPrograms ? [ ]
, # Shared libraries by the name that programs ask for: "libz.so.1".
  libraries ? [ ]
, # Linked when they are there.
  optionalLibraries ? [ ]
, mainProgram ? null
, # Directories to look in, patterns allowed.
  from ? [ "/usr/bin" "/usr/sbin" ]
, # Shell text that may refuse what was found: it sees $out, and `refuse WHY` ends the build.
  check ? ""
, passthru ? { }
, meta ? { }
, # nixpkgs gives these packages more outputs; here they all are the one.
  outputs ? [ ]
}:
let
  candidates = program: if builtins.isAttrs program then program else { ${program} = [ program ]; };
  lines = required: lib.concatMapStrings (program:
    lib.concatStrings (lib.mapAttrsToList (name: files: "${required} ${name} ${lib.concatStringsSep " " files}\n") (candidates program)));

  libraryLines = required: lib.concatMapStrings (file: "${required} ${file}\n");

  drv = builtins.derivation {
    name = "${pname}-host";
    inherit system pname apt check;
    builder = "/bin/bash";
    args = [ "${./link.sh}" ];
    from = lib.concatStringsSep " " from;
    wanted = lines "need" programs + lines "may" optionalPrograms;
    wantedLibraries = libraryLines "need" libraries + libraryLines "may" optionalLibraries;
    libraryDirectories = "/usr/lib/${lib.head (lib.splitString "-" system)}-linux-gnu /usr/lib64 /usr/lib";
    preferLocalBuild = true;
    allowSubstitutes = false;
  };
  package = drv // lib.genAttrs outputs (_: package) // {
    inherit pname passthru;
    # Known to the distribution alone: an upgrade changes it without a new build.
    version = "host";
    meta = { description = "${pname} of this machine's distribution"; platforms = lib.platforms.linux; license = lib.licenses.free; }
      // lib.optionalAttrs (mainProgram != null) { inherit mainProgram; }
      // meta;
    override = _: package;
    overrideAttrs = _: package;
  } // passthru;
in
package
