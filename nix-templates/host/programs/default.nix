# Every package that stands for programs of the distribution.
{ lib, system, runCommand, distribution }:
let
  link = import ./link.nix { inherit lib system; };
  fromTable = attr: facts: link {
    pname = attr;
    apt = facts.apt or attr;
    programs = facts.programs or [ attr ];
    optionalPrograms = facts.optional or [ ];
    mainProgram = facts.main or null;
    outputs = facts.outputs or [ ];
    from = facts.from or [ "/usr/bin" "/usr/sbin" ];
  };
in
builtins.mapAttrs fromTable (import ./table.nix)
// import ./nodejs.nix { inherit lib link; }
// import ./python.nix { inherit lib system link distribution; }
// import ./java.nix { inherit lib system; }
// import ./php.nix { inherit lib link runCommand distribution; }
// {
  coreutils = import ./coreutils.nix { inherit link; };
  cacert = import ./cacert.nix { inherit lib runCommand; };
}
