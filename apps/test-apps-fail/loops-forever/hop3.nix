{ pkgs ? import <nixpkgs> { } }:
let
  # Not a recursion, which Nix would notice, but loops in loops: 10^18 rounds.
  rounds = builtins.genList (n: n) 1000;
  thousand = f: n: builtins.foldl' (sum: round: sum + f round) n rounds;
  forever = thousand (thousand (thousand (thousand (thousand (thousand (n: n))))));
in
{
  package = pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { workers.static = toString (forever 0); });
}
