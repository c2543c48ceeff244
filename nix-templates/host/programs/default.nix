# Every package that stands for programs of the distribution.
{ lib, self, system, runCommand, distribution }:
let
  link = import ./link.nix { inherit lib system; };
  fromTable = attr: facts: link {
    pname = attr;
    apt = facts.apt or attr;
    programs = facts.programs or [ attr ];
    optionalPrograms = facts.optional or [ ];
    optionalLibraries = facts.optionalLibraries or [ ];
    mainProgram = facts.main or null;
    outputs = facts.outputs or [ ];
    from = facts.from or [ "/usr/bin" "/usr/sbin" ];
  };
  table = builtins.mapAttrs fromTable (import ./table.nix);
in
table
// import ./libraries.nix { inherit link system; }
// import ./nodejs.nix { inherit lib link; }
// import ../node/pnpm.nix { inherit lib link self; }
// import ../go/packages.nix { inherit lib link system; }
// import ./python.nix { inherit lib system link distribution; }
// import ./java.nix { inherit lib system; }
// import ./ruby.nix { inherit lib link distribution; inherit (self) stdenv runCommand buildEnv makeWrapper fetchurl; }
// import ./php.nix { inherit lib self link runCommand distribution; }
// {
  # Its `lib` is what clients link to, which needs no server on this machine.
  postgresql = table.postgresql // { lib = self.libpq; };
  coreutils = import ./coreutils.nix { inherit link; };
  cacert = import ./cacert.nix { inherit lib runCommand; };
}
