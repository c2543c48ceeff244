// An HTTP server that serves one directory, standing for a program that somebody else publishes in an archive, together
// with a library of its own and the files it shows. Usage: site-server CONFIG, a JSON file with "port" and "webpath".
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *site_motto(void);

static char config[8192];

// The text behind "name": and its quote or blank, up to the next quote, comma or brace.
static void setting(const char *name, char *value, size_t size) {
  char *at = strstr(config, name);
  if (!at || !(at = strchr(at, ':'))) {
    fprintf(stderr, "site-server: %s is not in the configuration\n", name);
    exit(1);
  }
  at += 1 + strspn(at + 1, " \"");
  snprintf(value, size, "%.*s", (int)strcspn(at, "\",}\n"), at);
}

static void answer(int client, const char *status, const char *body, size_t length) {
  char head[256];
  int size = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, length);
  if (write(client, head, size) != size || write(client, body, length) != (ssize_t)length) perror("site-server");
}

int main(int argc, char **argv) {
  FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
  if (!file || fread(config, 1, sizeof config - 1, file) == 0) {
    fprintf(stderr, "usage: site-server CONFIG\n");
    return 1;
  }
  char port[16], webpath[512];
  setting("\"port\"", port, sizeof port);
  setting("\"webpath\"", webpath, sizeof webpath);

  const char *host = getenv("BIND_ADDRESS");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, host ? host : "127.0.0.1", &address.sin_addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) {
    perror("site-server");
    return 1;
  }
  for (;;) {
    int client = accept(listener, NULL, NULL);
    char request[4096], path[512] = "", full[1100], body[8192];
    ssize_t got = client < 0 ? -1 : read(client, request, sizeof request - 1);
    if (got > 0) {
      request[got] = 0;
      sscanf(request, "GET /%511[^ ?]", path);
      snprintf(full, sizeof full, "%s/%s", webpath, *path ? path : "index.html");
      FILE *page = strstr(path, "..") ? NULL : fopen(full, "r");
      if (strcmp(path, "motto") == 0) answer(client, "200 OK", site_motto(), strlen(site_motto()));
      else if (page) answer(client, "200 OK", body, fread(body, 1, sizeof body, page));
      else answer(client, "404 Not Found", "no such page\n", 13);
      if (page) fclose(page);
    }
    if (client >= 0) close(client);
  }
}
