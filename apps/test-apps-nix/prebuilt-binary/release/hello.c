// An HTTP server in one file, standing for a program that somebody else publishes. It answers every request with one
// line: who it is, $GREETING, and what is attached to its own file (self-contained.sh attaches something).
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK "ATTACHED"

static char attached[1024] = "nothing attached";

// The last 16 bytes of such a file are its mark and the length of what stands before them.
static void read_attached(void) {
  FILE *self = fopen("/proc/self/exe", "rb");
  char mark[8];
  uint64_t length = 0;
  if (!self || fseek(self, -16, SEEK_END) != 0) return;
  if (fread(mark, 8, 1, self) != 1 || fread(&length, 8, 1, self) != 1) return;
  if (memcmp(mark, MARK, 8) != 0 || length >= sizeof attached) return;
  fseek(self, -16 - (long)length, SEEK_END);
  if (fread(attached, 1, length, self) == length) attached[length] = 0;
  fclose(self);
}

static const char *from_environment(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value && *value ? value : otherwise;
}

int main(int argc, char **argv) {
  read_attached();
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(from_environment("PORT", "8080")))};
  inet_pton(AF_INET, from_environment("BIND_ADDRESS", "127.0.0.1"), &address.sin_addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) {
    perror("hello");
    return 1;
  }
  for (;;) {
    int client = accept(listener, NULL, NULL);
    char request[4096], body[2048], answer[4096];
    if (client < 0 || read(client, request, sizeof request) <= 0) {
      close(client);
      continue;
    }
    int length = snprintf(body, sizeof body, "hello 1.0 (%s): %s; %s\n", argc > 1 ? argv[1] : "no arguments", from_environment("GREETING", "no greeting"), attached);
    length = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", length, body);
    if (write(client, answer, length) != length) perror("hello");
    close(client);
  }
}
