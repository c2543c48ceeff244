const char *site_motto(void) { return "from a library of the release\n"; }
