# What evaluation must know of Debian 12 and cannot find out: it has no way to look at /usr.
{
  python = "3.11";
  php = "8.2";
  ruby = "3.1";
}
