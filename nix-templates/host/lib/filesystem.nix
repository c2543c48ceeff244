lib: rec {
  # builtins.readFileType is younger than Nix 2.8; the parent's listing tells the same.
  pathType = path:
    let name = baseNameOf path; entries = builtins.readDir (dirOf path); in
    if !builtins.pathExists path then throw "lib.filesystem.pathType: Path ${toString path} does not exist."
    else if toString path == "/" then "directory"
    else entries.${name};
  pathIsDirectory = path: builtins.pathExists path && pathType path == "directory";
  pathIsRegularFile = path: builtins.pathExists path && pathType path == "regular";
  listFilesRecursive = dir:
    lib.flatten (lib.mapAttrsToList
      (name: type: if type == "directory" then listFilesRecursive (dir + "/${name}") else dir + "/${name}")
      (builtins.readDir dir));
}
