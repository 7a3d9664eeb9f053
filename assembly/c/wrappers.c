/*
 * Locks for stdio, the environment and the list of atexit, which wasi-libc, built for one thread, has none of; and where read and write may
 * be cancelled. The compiler has `__wrap_f` called wherever `f` is, from libc too, but in `__wrap_f` itself (host/compiler/c/merge.ts).
 * What goes through another of them, as printf through vfprintf, needs no wrapper.
 *
 * Locks are recursive, as POSIX wants it (flockfile). The three streams that everybody has have their own; the others share some by their
 * addresses: to share one costs waiting, and no more.
 */
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "locks.h"

typedef struct {
  word lock;
  word owner;
  int count;
} stream_lock;

enum { LOCKS = 64, STDIN = 0, STDOUT, STDERR, OPEN, ENVIRONMENT, AT_EXIT, OTHERS };

static stream_lock locks[LOCKS];

static stream_lock *lock_of(FILE *f) {
  if (f == stdin) return &locks[STDIN];
  if (f == stdout || f == NULL) return &locks[STDOUT];
  if (f == stderr) return &locks[STDERR];
  return &locks[OTHERS + ((unsigned long)f >> 6) % (LOCKS - OTHERS)];
}

static void take(stream_lock *it) {
  int me = (int)GOROUTINE;
  if (load(&it->owner) == me) {
    it->count++;
    return;
  }
  acquire(&it->lock, NULL, REASON_STDIO);
  store(&it->owner, me);
}

static void give(stream_lock *it) {
  if (it->count > 0) {
    it->count--;
    return;
  }
  store(&it->owner, 0);
  release(&it->lock);
}

void flockfile(FILE *f) { take(lock_of(f)); }
void funlockfile(FILE *f) { give(lock_of(f)); }

int ftrylockfile(FILE *f) {
  stream_lock *it = lock_of(f);
  if (load(&it->owner) != (int)GOROUTINE) {
    if (!swap(&it->lock, 0, 1)) return -1;
    store(&it->owner, (int)GOROUTINE);
  } else {
    it->count++;
  }
  return 0;
}

/* WRAP(result, f, stream's lock, parameters, arguments) */
#define WRAP(result, f, lock, parameters, arguments) \
  __attribute__((used)) result __wrap_##f parameters { \
    stream_lock *it = (lock);                        \
    take(it);                                        \
    result value = (f)arguments;                     \
    give(it);                                        \
    return value;                                    \
  }

#define F lock_of(f)

WRAP(int, vfprintf, F, (FILE * restrict f, const char *restrict format, va_list list), (f, format, list))
WRAP(int, vfscanf, F, (FILE * restrict f, const char *restrict format, va_list list), (f, format, list))
WRAP(size_t, fwrite, F, (const void *restrict from, size_t size, size_t n, FILE *restrict f), (from, size, n, f))
WRAP(size_t, fread, F, (void *restrict to, size_t size, size_t n, FILE *restrict f), (to, size, n, f))
WRAP(int, fputs, F, (const char *restrict text, FILE *restrict f), (text, f))
WRAP(int, fputc, F, (int c, FILE *f), (c, f))
WRAP(int, putc, F, (int c, FILE *f), (c, f))
WRAP(int, putchar, &locks[STDOUT], (int c), (c))
WRAP(int, puts, &locks[STDOUT], (const char *text), (text))
WRAP(char *, fgets, F, (char *restrict to, int n, FILE *restrict f), (to, n, f))
WRAP(int, fgetc, F, (FILE * f), (f))
WRAP(int, getc, F, (FILE * f), (f))
WRAP(int, getchar, &locks[STDIN], (void), ())
WRAP(int, ungetc, F, (int c, FILE *f), (c, f))
WRAP(ssize_t, getdelim, F, (char **restrict to, size_t *restrict n, int end, FILE *restrict f), (to, n, end, f))
WRAP(int, fflush, F, (FILE * f), (f))
WRAP(int, fseek, F, (FILE * f, long offset, int whence), (f, offset, whence))
WRAP(long, ftell, F, (FILE * f), (f))
WRAP(int, setvbuf, F, (FILE * restrict f, char *restrict to, int mode, size_t n), (f, to, mode, n))
/* The list of open files. */
WRAP(FILE *, fopen, &locks[OPEN], (const char *restrict path, const char *restrict mode), (path, mode))
WRAP(int, fclose, &locks[OPEN], (FILE * f), (f))

WRAP(char *, getenv, &locks[ENVIRONMENT], (const char *name), (name))
WRAP(int, setenv, &locks[ENVIRONMENT], (const char *name, const char *to, int replace), (name, to, replace))
WRAP(int, unsetenv, &locks[ENVIRONMENT], (const char *name), (name))
WRAP(int, putenv, &locks[ENVIRONMENT], (char *entry), (entry))
/* What atexit calls, and C++ for its static variables. */
int __cxa_atexit(void (*f)(void *), void *arg, void *dso);
WRAP(int, __cxa_atexit, &locks[AT_EXIT], (void (*f)(void *), void *arg, void *dso), (f, arg, dso))

/* libc's says nothing. */
__attribute__((used)) int __wrap_pthread_condattr_getclock(const pthread_condattr_t *restrict attr, clockid_t *restrict clock) {
  *clock = attr->__attr & 1 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
  return (pthread_condattr_getclock)(attr, clock);
}

/* ---- cancellation points, but for those in sockets.c ---- */

CANCEL(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n))
CANCEL(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n))
CANCEL(ssize_t, pread, (int fd, void *to, size_t n, off_t at), (fd, to, n, at))
CANCEL(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at))
CANCEL(ssize_t, readv, (int fd, const struct iovec *to, int n), (fd, to, n))
CANCEL(ssize_t, writev, (int fd, const struct iovec *from, int n), (fd, from, n))
CANCEL(int, fsync, (int fd), (fd))
CANCEL(int, fdatasync, (int fd), (fd))
CANCEL(int, poll, (struct pollfd * list, nfds_t n, int ms), (list, n, ms))

/* ---- how many threads are worth while ---- */

__attribute__((used)) long __wrap_sysconf(int name) {
  return name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF ? core_procs(0) : sysconf(name);
}
