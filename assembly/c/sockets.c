/*
 * <sys/socket.h> and <netdb.h>, over assembly/std/skein/c/sock.ts. A program that includes neither does without this file
 * (host/c/build.ts).
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core.h"

CORE(sockOpen) int sock_open(int family, int type, int protocol);
CORE(sockBind) int sock_bind(int fd, const void *address, int length);
CORE(sockListen) int sock_listen(int fd);
CORE(sockAccept) int sock_accept(int fd, int flags, void *address, socklen_t *length);
CORE(sockConnect) int sock_connect(int fd, const void *address, int length);
CORE(sockName) int sock_name(int fd, int is_peer, void *address, socklen_t *length);
CORE(sockShutdown) int sock_shutdown(int fd, int how);
CORE(sockSet) int sock_set(int fd, int level, int name, const void *value, int length);
CORE(sockGet) int sock_get(int fd, int level, int name, void *value, socklen_t *length);
CORE(sockReceive) int sock_receive(int fd, void *to, int n, int flags, void *address, socklen_t *length);
CORE(sockSend) int sock_send(int fd, const void *from, int n, int flags, const void *address, int length);
CORE(sockResolve) int sock_resolve(const char *host, int length, void *to, int capacity);

/* What the core says: a result, or a negative errno. */
static int given(int result) {
  if (result >= 0) return result;
  errno = -result;
  return -1;
}

int socket(int family, int type, int protocol) { return given(sock_open(family, type, protocol)); }

int bind(int fd, const struct sockaddr *address, socklen_t length) { return given(sock_bind(fd, address, length)); }

int listen(int fd, int backlog) { return given(sock_listen(fd)); }

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  return given(sock_name(fd, 0, address, length));
}

int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  return given(sock_name(fd, 1, address, length));
}

int shutdown(int fd, int how) { return given(sock_shutdown(fd, how)); }

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
  return given(sock_set(fd, level, name, value, length));
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict length) {
  return given(sock_get(fd, level, name, value, length));
}

/* A call at which a thread may be cancelled. */
#define POINT(call)                                       \
  pthread_testcancel();                                   \
  int result = given(call);                               \
  if (result < 0 && errno == EINTR) pthread_testcancel(); \
  return result

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags) {
  POINT(sock_accept(fd, flags, address, length));
}

int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  return accept4(fd, address, length, 0);
}

int connect(int fd, const struct sockaddr *address, socklen_t length) { POINT(sock_connect(fd, address, length)); }

ssize_t recvfrom(int fd, void *restrict to, size_t n, int flags, struct sockaddr *restrict address,
                 socklen_t *restrict length) {
  POINT(sock_receive(fd, to, n, flags, address, length));
}

ssize_t recv(int fd, void *to, size_t n, int flags) { return recvfrom(fd, to, n, flags, NULL, NULL); }

ssize_t sendto(int fd, const void *from, size_t n, int flags, const struct sockaddr *address, socklen_t length) {
  POINT(sock_send(fd, from, n, flags, address, length));
}

ssize_t send(int fd, const void *from, size_t n, int flags) { return sendto(fd, from, n, flags, NULL, 0); }

/* ---- names ---- */

/* What sockResolve gives for an address. */
typedef struct {
  int family;
  socklen_t length;
  char address[48];
} resolved;

enum { ADDRESSES = 8 };

/* One entry of a list, with the address it points to. */
typedef struct {
  struct addrinfo info;
  struct sockaddr_storage address;
} entry;

static int port_of(const char *service) {
  if (service == NULL) return 0;
  char *end;
  long port = strtol(service, &end, 10);
  return *service < '0' || *service > '9' || *end != 0 || port > 65535 ? -1 : (int)port;
}

/* Without a host: every address if AI_PASSIVE says so, else the loopback interface's. */
static int of_this_machine(resolved *to, bool is_passive) {
  memset(to, 0, 2 * sizeof *to);
  struct sockaddr_in *four = (struct sockaddr_in *)to[0].address;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)to[1].address;
  to[0].family = four->sin_family = AF_INET;
  to[0].length = sizeof *four;
  four->sin_addr.s_addr = htonl(is_passive ? INADDR_ANY : INADDR_LOOPBACK);
  to[1].family = six->sin6_family = AF_INET6;
  to[1].length = sizeof *six;
  six->sin6_addr = is_passive ? in6addr_any : in6addr_loopback;
  return 2;
}

static bool is_literal(const char *host) {
  char address[16];
  return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* Adds an address to a list, once for each type of socket that is asked for. */
static int add(struct addrinfo ***end, const resolved *from, int type, int port) {
  for (int each = SOCK_STREAM; each >= SOCK_DGRAM; each--) {
    if (type != 0 && type != each) continue;
    entry *it = calloc(1, sizeof *it);
    if (it == NULL) return EAI_MEMORY;
    memcpy(&it->address, from->address, sizeof from->address);
    ((struct sockaddr_in *)&it->address)->sin_port = htons(port); /* where IPv6 has it too */
    it->info.ai_family = from->family;
    it->info.ai_socktype = each;
    it->info.ai_protocol = each == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    it->info.ai_addrlen = from->length;
    it->info.ai_addr = (struct sockaddr *)&it->address;
    **end = &it->info;
    *end = &it->info.ai_next;
  }
  return 0;
}

int getaddrinfo(const char *restrict host, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict result) {
  static const struct addrinfo nothing;
  if (hints == NULL) hints = &nothing;
  int family = hints->ai_family, type = hints->ai_socktype, port = port_of(service);
  if (host == NULL && service == NULL) return EAI_NONAME;
  if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6) return EAI_FAMILY;
  if (type != 0 && type != SOCK_STREAM && type != SOCK_DGRAM) return EAI_SOCKTYPE;
  if (port < 0) return EAI_SERVICE;
  if (host != NULL && (hints->ai_flags & AI_NUMERICHOST) && !is_literal(host)) return EAI_NONAME;
  resolved found[ADDRESSES];
  int n = host == NULL ? of_this_machine(found, hints->ai_flags & AI_PASSIVE)
                       : sock_resolve(host, strlen(host), found, ADDRESSES);
  struct addrinfo *list = NULL, **end = &list;
  int error = 0;
  for (int i = 0; i < n && error == 0; i++)
    if (family == AF_UNSPEC || family == found[i].family) error = add(&end, &found[i], type, port);
  if (error == 0 && list == NULL) error = EAI_NONAME;
  if (error == 0 && (hints->ai_flags & AI_CANONNAME) && host != NULL && (list->ai_canonname = strdup(host)) == NULL)
    error = EAI_MEMORY;
  if (error != 0) freeaddrinfo(list);
  else *result = list;
  return error;
}

void freeaddrinfo(struct addrinfo *list) {
  while (list != NULL) {
    struct addrinfo *next = list->ai_next;
    free(list->ai_canonname);
    free(list);
    list = next;
  }
}

int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict host, socklen_t host_size,
                char *restrict service, socklen_t service_size, int flags) {
  const struct sockaddr_in *four = (const void *)address;
  const struct sockaddr_in6 *six = (const void *)address;
  bool is_four = address->sa_family == AF_INET;
  if (!is_four && address->sa_family != AF_INET6) return EAI_FAMILY;
  if (length < (is_four ? sizeof *four : sizeof *six)) return EAI_FAMILY;
  if (flags & NI_NAMEREQD) return EAI_NONAME;
  const void *from = is_four ? (const void *)&four->sin_addr : (const void *)&six->sin6_addr;
  if (host != NULL && host_size != 0 && inet_ntop(address->sa_family, from, host, host_size) == NULL) return EAI_OVERFLOW;
  int n = service == NULL || service_size == 0 ? 0 : snprintf(service, service_size, "%d", ntohs(four->sin_port));
  return n > 0 && (socklen_t)n >= service_size ? EAI_OVERFLOW : 0;
}

const char *gai_strerror(int error) {
  static const char *const words[] = {
      "No error", "Invalid flags", "Name does not resolve", "Try again", "Failed", "Unknown error", "Unknown family",
      "Unknown socket type", "Unknown service", "Unknown error", "Out of memory", "System error", "Overflow"};
  return error > 0 || error < EAI_OVERFLOW ? "Unknown error" : words[-error];
}
