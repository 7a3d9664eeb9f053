/* Sockets, over skein/net: wasi-libc declares only what WASI has. See docs/c.md. */
#ifndef SKEIN_SYS_SOCKET_H
#define SKEIN_SYS_SOCKET_H
#include_next <sys/socket.h>

#define SOMAXCONN 128
#define MSG_DONTWAIT 0x40
#define MSG_NOSIGNAL 0x4000
#define SO_REUSEADDR 2
#define SO_ERROR 4
#define SO_BROADCAST 6
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_REUSEPORT 15
#define SO_ACCEPTCONN 30
#define SO_PROTOCOL 38
#define SO_DOMAIN 39
#define SO_RCVTIMEO 66
#define SO_SNDTIMEO 67
#define AF_LOCAL AF_UNIX
#define PF_UNIX AF_UNIX
#define PF_LOCAL AF_UNIX

#ifdef __cplusplus
extern "C" {
#endif
int socket(int family, int type, int protocol);
/* A stream socket accepts connections from here on. */
int bind(int fd, const struct sockaddr *address, socklen_t length);
/* Without bind: at a port of the loopback interface. */
int listen(int fd, int backlog);
int connect(int fd, const struct sockaddr *address, socklen_t length);
int getsockname(int fd, struct sockaddr *__restrict address, socklen_t *__restrict length);
int getpeername(int fd, struct sockaddr *__restrict address, socklen_t *__restrict length);
int setsockopt(int fd, int level, int name, const void *value, socklen_t length);
ssize_t sendto(int fd, const void *from, size_t n, int flags, const struct sockaddr *address, socklen_t length);
ssize_t recvfrom(int fd, void *__restrict to, size_t n, int flags, struct sockaddr *__restrict address,
                 socklen_t *__restrict length);
#ifdef __cplusplus
}
#endif
#endif
