# All of GNU coreutils; where one is missing on a machine, it is left out.
{ link }:
link {
  pname = "coreutils";
  apt = "coreutils";
  outputs = [ "info" ];
  programs = [ "cat" "cp" "ls" "mkdir" "mv" "rm" "env" ];
  optionalPrograms = [
    "arch" "b2sum" "base32" "base64" "basename" "basenc" "chcon" "chgrp" "chmod" "chown" "chroot" "cksum" "comm" "csplit"
    "cut" "date" "dd" "df" "dir" "dircolors" "dirname" "du" "echo" "expand" "expr" "factor" "false" "fmt" "fold" "groups"
    "head" "hostid" "id" "install" "join" "kill" "link" "ln" "logname" "md5sum" "mkfifo" "mknod" "mktemp" "nice" "nl"
    "nohup" "nproc" "numfmt" "od" "paste" "pathchk" "pinky" "pr" "printenv" "printf" "ptx" "pwd" "readlink" "realpath"
    "rmdir" "runcon" "seq" "sha1sum" "sha224sum" "sha256sum" "sha384sum" "sha512sum" "shred" "shuf" "sleep" "sort" "split"
    "stat" "stdbuf" "stty" "sum" "sync" "tac" "tail" "tee" "test" "timeout" "touch" "tr" "true" "truncate" "tsort" "tty"
    "uname" "unexpand" "uniq" "unlink" "users" "vdir" "wc" "who" "whoami" "yes" "["
  ];
}
