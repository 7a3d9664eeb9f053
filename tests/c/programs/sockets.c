/* A server with a thread for each connection, and what else POSIX wants of sockets: whatever goes wrong fails an assertion. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 50, ROUNDS = 20, LARGE = 1 << 20 };

/* ---- a server, and its clients ---- */

static _Atomic int served;

static void *serve(void *arg) {
  int fd = (int)(long)arg;
  char buffer[4096];
  ssize_t n;
  while ((n = read(fd, buffer, sizeof buffer)) > 0) assert(write(fd, buffer, n) == n);
  assert(n == 0 && close(fd) == 0);
  served++;
  return NULL;
}

static void *accept_all(void *arg) {
  int listener = (int)(long)arg;
  for (;;) {
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int fd = accept(listener, (struct sockaddr *)&peer, &length);
    if (fd < 0) return (void *)(long)errno;
    assert(length == sizeof peer && peer.sin_family == AF_INET && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    pthread_t thread;
    assert(pthread_create(&thread, NULL, serve, (void *)(long)fd) == 0 && pthread_detach(thread) == 0);
  }
}

static struct sockaddr_in address;

static int listener(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  assert(fd >= 3);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  assert(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
  assert(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, SOMAXCONN) == 0);
  socklen_t length = sizeof address;
  assert(getsockname(fd, (struct sockaddr *)&address, &length) == 0 && length == sizeof address);
  assert(address.sin_family == AF_INET && ntohs(address.sin_port) != 0);
  return fd;
}

static int dial(void) {
  int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), yes = 1;
  assert(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
  assert(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0);
  return fd;
}

static void *be_client(void *arg) {
  int fd = dial();
  char text[100], answer[100];
  for (int i = 0; i < ROUNDS; i++) {
    int n = sprintf(text, "client %ld says %d", (long)arg, i);
    assert(send(fd, text, n, MSG_NOSIGNAL) == n);
    assert(recv(fd, answer, n, MSG_WAITALL) == n && memcmp(text, answer, n) == 0);
  }
  assert(shutdown(fd, SHUT_WR) == 0 && read(fd, answer, 1) == 0 && close(fd) == 0);
  return arg;
}

static void *send_much(void *arg) {
  int fd = (int)(long)arg;
  char *bytes = malloc(LARGE);
  for (int i = 0; i < LARGE; i++) bytes[i] = (char)(i * 7);
  assert(send(fd, bytes, LARGE, 0) == LARGE && shutdown(fd, SHUT_WR) == 0);
  free(bytes);
  return arg;
}

static void a_server(void) {
  int fd = listener();
  pthread_t acceptor, clients[CLIENTS], sender;
  pthread_create(&acceptor, NULL, accept_all, (void *)(long)fd);
  for (long i = 0; i < CLIENTS; i++) pthread_create(&clients[i], NULL, be_client, (void *)i);
  for (long i = 0; i < CLIENTS; i++) pthread_join(clients[i], NULL);
  /* More than the system keeps on its way: who writes waits for who reads. A stream of stdio over a socket. */
  int much = dial();
  pthread_create(&sender, NULL, send_much, (void *)(long)much);
  FILE *stream = fdopen(much, "r");
  int c, n = 0;
  while ((c = getc(stream)) != EOF) {
    assert(c == (unsigned char)(n * 7));
    n++;
  }
  pthread_join(sender, NULL);
  assert(n == LARGE && !ferror(stream) && fclose(stream) == 0);
  while (served != CLIENTS + 1) sched_yield();
  /* A listener that is shut down, or closed, is left by who waits there. */
  void *error;
  assert(shutdown(fd, SHUT_RDWR) == 0 && pthread_join(acceptor, &error) == 0 && (long)error == EINVAL && close(fd) == 0);
  fd = listener();
  pthread_create(&acceptor, NULL, accept_all, (void *)(long)fd);
  usleep(2000);
  assert(close(fd) == 0 && pthread_join(acceptor, &error) == 0 && (long)error == EBADF);
  assert(accept(fd, NULL, NULL) == -1 && errno == EBADF);
}

/* ---- one thread for all of them, with poll, and with select ---- */

static void one_thread(bool selects) {
  int fd = listener(), fds[CLIENTS + 1], n = 1, ended = 0;
  pthread_t clients[CLIENTS];
  fds[0] = fd;
  assert(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0);
  assert(accept(fd, NULL, NULL) == -1 && errno == EWOULDBLOCK);
  for (long i = 0; i < CLIENTS; i++) pthread_create(&clients[i], NULL, be_client, (void *)i);
  while (ended < CLIENTS) {
    struct pollfd polled[CLIENTS + 1];
    fd_set set;
    FD_ZERO(&set);
    for (int i = 0; i < n; i++) {
      polled[i] = (struct pollfd){fds[i], POLLIN};
      FD_SET(fds[i], &set);
    }
    assert(selects ? select(2000, &set, NULL, NULL, NULL) > 0 : poll(polled, n, -1) > 0);
    for (int i = n - 1; i >= 0; i--) {
      if (selects ? !FD_ISSET(fds[i], &set) : !(polled[i].revents & POLLIN)) continue;
      char buffer[1000];
      if (i == 0) {
        int next = accept(fd, NULL, NULL);
        assert(next >= 0 && n <= CLIENTS);
        fds[n++] = next;
      } else {
        /* Said to be readable: this does not wait. */
        ssize_t got = recv(fds[i], buffer, sizeof buffer, MSG_DONTWAIT);
        assert(got >= 0);
        if (got > 0) {
          assert(write(fds[i], buffer, got) == got);
          continue;
        }
        close(fds[i]);
        fds[i] = fds[--n];
        ended++;
      }
    }
  }
  for (int i = 0; i < CLIENTS; i++) pthread_join(clients[i], NULL);
  struct pollfd nobody = {fd, POLLIN};
  assert(poll(&nobody, 1, 0) == 0 && poll(&nobody, 1, 5) == 0);
  close(fd);
  assert(poll(&nobody, 1, 0) == 1 && nobody.revents == POLLNVAL);
}

/* ---- time-outs, cancellation, what fails ---- */

static void *wait_for(void *arg) {
  char byte;
  recv((int)(long)arg, &byte, 1, 0);
  abort();
}

static void *wait_in_accept(void *arg) {
  accept((int)(long)arg, NULL, NULL);
  abort();
}

static void *wait_in_poll(void *arg) {
  struct pollfd it = {(int)(long)arg, POLLIN};
  poll(&it, 1, -1);
  abort();
}

static void what_fails(void) {
  int fd = listener(), client = dial(), one = accept(fd, NULL, NULL);
  char byte[10];
  struct timeval soon = {0, 3000}, late = {60, 0};
  assert(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon) == 0);
  assert(recv(client, byte, 1, 0) == -1 && errno == EAGAIN);
  assert(recv(client, byte, 1, MSG_DONTWAIT) == -1 && errno == EWOULDBLOCK);
  assert(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &late, sizeof late) == 0);
  assert(write(one, "abc", 3) == 3 && recv(client, byte, 10, MSG_PEEK) == 3 && recv(client, byte, 10, 0) == 3);
  struct stat st;
  assert(fstat(one, &st) == 0 && S_ISSOCK(st.st_mode) && !isatty(one));
  assert(lseek(one, 0, SEEK_SET) == -1 && errno == ESPIPE);
  void *(*waits[])(void *) = {wait_for, wait_in_accept, wait_in_poll};
  for (int i = 0; i < 6; i++) {
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, waits[i % 3], (void *)(long)(i % 3 == 1 ? fd : one));
    if (i < 3) usleep(2000);
    assert(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
  }
  assert(connect(client, (struct sockaddr *)&address, sizeof address) == -1 && errno == EISCONN);
  int second = socket(AF_INET, SOCK_STREAM, 0);
  assert(bind(second, (struct sockaddr *)&address, sizeof address) == -1 && errno == EADDRINUSE);
  assert(recv(second, byte, 1, 0) == -1 && errno == ENOTCONN && write(second, byte, 1) == -1 && errno == ENOTCONN);
  assert(recv(1, byte, 1, 0) == -1 && errno == ENOTSOCK && recv(99, byte, 1, 0) == -1 && errno == EBADF);
  assert(socket(77, SOCK_STREAM, 0) == -1 && errno == EAFNOSUPPORT);
  close(one);
  assert(recv(client, byte, 1, 0) == 0);
  assert(shutdown(client, SHUT_WR) == 0 && send(client, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
  close(client);
  close(fd);
  /* Nobody is there any more: at once, and later. */
  assert(connect(second, (struct sockaddr *)&address, sizeof address) == -1 && errno == ECONNREFUSED);
  close(second);
  int later = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error;
  socklen_t length = sizeof error;
  assert(connect(later, (struct sockaddr *)&address, sizeof address) == -1 && errno == EINPROGRESS);
  struct pollfd it = {later, POLLOUT};
  assert(poll(&it, 1, -1) == 1 && getsockopt(later, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == ECONNREFUSED);
  close(later);
}

/* ---- names, packets, paths ---- */

static void names(void) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list;
  char host[100], service[10];
  assert(getaddrinfo("localhost", "8080", &hints, &list) == 0 && list->ai_next == NULL);
  assert(getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, service, sizeof service, 0) == 0);
  assert(strcmp(host, "127.0.0.1") == 0 && strcmp(service, "8080") == 0);
  freeaddrinfo(list);
  assert(getaddrinfo(NULL, "1", &hints, &list) == 0);
  assert(((struct sockaddr_in *)list->ai_addr)->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
  freeaddrinfo(list);
  assert(getaddrinfo("no number", "1", &(struct addrinfo){.ai_flags = AI_NUMERICHOST}, &list) == EAI_NONAME);
  assert(getaddrinfo("localhost", "http?", NULL, &list) == EAI_SERVICE);
}

static void packets(void) {
  int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, from;
  socklen_t length = sizeof at;
  char text[20];
  assert(bind(a, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(a, (struct sockaddr *)&at, &length) == 0);
  assert(sendto(b, "to a", 4, 0, (struct sockaddr *)&at, sizeof at) == 4);
  length = sizeof from;
  assert(recvfrom(a, text, sizeof text, 0, (struct sockaddr *)&from, &length) == 4 && memcmp(text, "to a", 4) == 0);
  assert(sendto(a, "to b", 4, 0, (struct sockaddr *)&from, length) == 4);
  assert(recv(b, text, sizeof text, 0) == 4 && memcmp(text, "to b", 4) == 0);
  int c = socket(AF_INET, SOCK_DGRAM, 0);
  assert(connect(c, (struct sockaddr *)&at, sizeof at) == 0 && send(c, "hello", 5, 0) == 5);
  assert(recv(a, text, sizeof text, 0) == 5);
  close(a), close(b), close(c);
}

static void paths(const char *folder) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  char byte;
  assert(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 5) == 0);
  assert(connect(client, (struct sockaddr *)&at, sizeof at) == 0);
  int one = accept(fd, NULL, NULL);
  assert(one >= 0 && write(one, "x", 1) == 1 && read(client, &byte, 1) == 1 && byte == 'x');
  close(one), close(client), close(fd);
}

int main(int argc, char **argv) {
  a_server();
  one_thread(false);
  one_thread(true);
  what_fails();
  names();
  packets();
  paths(argv[1]);
  printf("all is well\n");
  return 0;
}
