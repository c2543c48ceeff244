# Other names that nixpkgs has for the same package.
self: {
  bashInteractive = self.bash;
  bashNonInteractive = self.bash;
  coreutils-full = self.coreutils;
  gitMinimal = self.git;
  postgresql_15 = self.postgresql;
  sqlite-interactive = self.sqlite;
  curlFull = self.curl;
  ffmpeg-headless = self.ffmpeg;
}
