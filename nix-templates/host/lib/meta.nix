lib: rec {
  addMetaAttrs = attrs: drv: drv // { meta = (drv.meta or { }) // attrs; };
  setName = name: drv: drv // { inherit name; };
  dontDistribute = addMetaAttrs { hydraPlatforms = [ ]; };
  setPrio = priority: addMetaAttrs { inherit priority; };
  lowPrio = setPrio 10;
  hiPrio = setPrio (-10);

  # The path of a package's main program. Without meta.mainProgram the name is guessed, with a warning, as nixpkgs does.
  getExe = pkg:
    getExe' pkg (
      pkg.meta.mainProgram or (lib.warn
        "getExe: ${lib.strings.escapeNixString (pkg.name or "the package")} does not have the meta.mainProgram attribute; its name is taken instead. Use getExe' to name the program."
        (lib.getName pkg))
    );
  getExe' = pkg: program:
    if !builtins.isString program || builtins.match ".*/.*" program != null then
      throw "lib.meta.getExe': the second argument is the name of a program, without a directory"
    else
      "${lib.getBin pkg}/bin/${program}";

  availableOn = platform: pkg: (pkg.meta.platforms or [ platform.system ]) == [ ] || builtins.elem platform.system (pkg.meta.platforms or [ platform.system ]);
  licensesSpdx = lib.mapAttrs' (_: license: lib.nameValuePair license.spdxId license) (lib.filterAttrs (_: l: l ? spdxId) lib.licenses);
  getLicenseFromSpdxId = id: licensesSpdx.${id} or { shortName = id; };
}
