/**
 * Linux's numbers for what the poller asks of it, and names for the errors that it answers.
 *
 * The values are those of the generic ABI, which x86-64, arm64 and riscv64 share; the one difference that matters, the
 * layout of `epoll_event`, is in sockaddr.ts.
 */

export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const SO_LINGER = 13;
export const SO_REUSEPORT = 15;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const SOMAXCONN = 4096;

export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;
export const MSG_PEEK = 2;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLEXCLUSIVE = 0x10000000;
export const EPOLLET = 0x80000000;

export const EFD_NONBLOCK = 0o4000;
export const EFD_CLOEXEC = 0o2000000;

export const F_GETFD = 1;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const O_CLOEXEC = 0o2000000;
export const O_NONBLOCK = 0o4000;

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EEXIST = 17;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const ENOSYS = 38;
export const EPROTO = 71;
export const EMSGSIZE = 90;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETUNREACH = 101;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;
export const EINPROGRESS = 115;

/** Names and texts of the errors that sockets give. */
const errors = new Map<number, readonly [code: string, text: string]>([
  [EPERM, ["EPERM", "operation not permitted"]],
  [ENOENT, ["ENOENT", "no such file or directory"]],
  [EINTR, ["EINTR", "interrupted system call"]],
  [EBADF, ["EBADF", "bad file descriptor"]],
  [EAGAIN, ["EAGAIN", "resource temporarily unavailable"]],
  [ENOMEM, ["ENOMEM", "cannot allocate memory"]],
  [EACCES, ["EACCES", "permission denied"]],
  [EFAULT, ["EFAULT", "bad address"]],
  [EEXIST, ["EEXIST", "file exists"]],
  [20, ["ENOTDIR", "not a directory"]],
  [21, ["EISDIR", "is a directory"]],
  [EINVAL, ["EINVAL", "invalid argument"]],
  [ENFILE, ["ENFILE", "too many open files in system"]],
  [EMFILE, ["EMFILE", "too many open files"]],
  [28, ["ENOSPC", "no space left on device"]],
  [30, ["EROFS", "read-only file system"]],
  [EPIPE, ["EPIPE", "broken pipe"]],
  [36, ["ENAMETOOLONG", "file name too long"]],
  [ENOSYS, ["ENOSYS", "function not implemented"]],
  [EPROTO, ["EPROTO", "protocol error"]],
  [88, ["ENOTSOCK", "socket operation on non-socket"]],
  [EMSGSIZE, ["EMSGSIZE", "message too long"]],
  [93, ["EPROTONOSUPPORT", "protocol not supported"]],
  [95, ["EOPNOTSUPP", "operation not supported"]],
  [97, ["EAFNOSUPPORT", "address family not supported by protocol"]],
  [EADDRINUSE, ["EADDRINUSE", "address already in use"]],
  [EADDRNOTAVAIL, ["EADDRNOTAVAIL", "cannot assign requested address"]],
  [100, ["ENETDOWN", "network is down"]],
  [ENETUNREACH, ["ENETUNREACH", "network is unreachable"]],
  [ECONNABORTED, ["ECONNABORTED", "software caused connection abort"]],
  [ECONNRESET, ["ECONNRESET", "connection reset by peer"]],
  [ENOBUFS, ["ENOBUFS", "no buffer space available"]],
  [106, ["EISCONN", "transport endpoint is already connected"]],
  [ENOTCONN, ["ENOTCONN", "transport endpoint is not connected"]],
  [ETIMEDOUT, ["ETIMEDOUT", "connection timed out"]],
  [ECONNREFUSED, ["ECONNREFUSED", "connection refused"]],
  [EHOSTUNREACH, ["EHOSTUNREACH", "no route to host"]],
  [EINPROGRESS, ["EINPROGRESS", "operation now in progress"]],
]);

/** The name of an error, as `ECONNRESET`. Takes errno or -errno. */
export function errnoName(errno: number): string {
  return errors.get(Math.abs(errno))?.[0] ?? `E${Math.abs(errno)}`;
}

/** What an error means, in the system's words. Takes errno or -errno. */
export function errnoText(errno: number): string {
  return errors.get(Math.abs(errno))?.[1] ?? `error ${Math.abs(errno)}`;
}
