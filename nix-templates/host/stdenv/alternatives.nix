# Programs that Debian reaches through /etc/alternatives, which is not in the build sandbox: linked to the real ones.
{ system }:
builtins.derivation {
  name = "host-alternatives";
  inherit system;
  builder = "/bin/bash";
  args = [ "${./alternatives.sh}" ];
  preferLocalBuild = true;
  allowSubstitutes = false;
}
