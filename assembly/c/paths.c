/*
 * Calls on paths: which directory that the program was given a path is in, and the call on that. wasi-libc's own find it through static
 * variables (posix.c), so these stand in for all of them. Where a program uses chdir, libc makes paths absolute in a buffer of its own:
 * then the path is copied, under a lock. chdir itself is for one goroutine, as it is the whole program's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>
#include <wasi/libc-find-relpath.h>
#include <wasi/libc-nocwd.h>
#include <wasi/libc.h>

#include "locks.h"

/* A path in a directory that the program was given; fd is -1 if there is none, with errno set. */
typedef struct {
  int fd;
  const char *path;
  /* What is to be freed. */
  char *copy;
} place;

static word chdir_lock, preopen_lock;
static word is_ready;

/* libc asks for the directories when it first needs them, and takes no lock. */
static void prepare(void) {
  acquire(&preopen_lock, NULL, REASON_MUTEX);
  if (!load(&is_ready)) __wasilibc_populate_preopens();
  store(&is_ready, 1);
  release(&preopen_lock);
}

static place find(const char *path) {
  place it = {-1, path, NULL};
  if (!load(&is_ready)) prepare();
  const char *prefix;
  if (__wasilibc_find_relpath_alloc == NULL) {
    char *relative = NULL;
    it.fd = __wasilibc_find_relpath(path, &prefix, &relative, 0);
    it.path = relative;
    return it;
  }
  static char *buffer;
  static size_t size;
  acquire(&chdir_lock, NULL, REASON_MUTEX);
  it.fd = __wasilibc_find_relpath_alloc(path, &prefix, &buffer, &size, 1);
  if (it.fd != -1) it.path = it.copy = strdup(buffer);
  release(&chdir_lock);
  if (it.fd != -1 && it.copy == NULL) it.fd = -1;
  return it;
}

/* Makes a call on the place `it` that `path` means; `failed` where there is none. */
#define ON(type, path_given, failed, call) \
  place it = find(path_given);             \
  type result = (failed);                  \
  if (it.fd != -1) result = (call);        \
  free(it.copy);                           \
  return result

int __wasilibc_open_nomode(const char *path, int flags) {
  ON(int, path, -1, __wasilibc_nocwd_openat_nomode(it.fd, it.path, flags));
}
int open(const char *path, int flags, ...) {
  pthread_testcancel();
  return __wasilibc_open_nomode(path, flags);
}

int access(const char *path, int mode) { ON(int, path, -1, __wasilibc_nocwd_faccessat(it.fd, it.path, mode, 0)); }
int __wasilibc_access(const char *path, int mode, int flags) {
  ON(int, path, -1, __wasilibc_nocwd_faccessat(it.fd, it.path, mode, flags));
}
ssize_t readlink(const char *restrict path, char *restrict to, size_t size) {
  ON(ssize_t, path, -1, __wasilibc_nocwd_readlinkat(it.fd, it.path, to, size));
}
int __wasilibc_stat(const char *restrict path, struct stat *restrict st, int flags) {
  ON(int, path, -1, __wasilibc_nocwd_fstatat(it.fd, it.path, st, flags));
}
int stat(const char *restrict path, struct stat *restrict st) { return __wasilibc_stat(path, st, 0); }
int lstat(const char *restrict path, struct stat *restrict st) { return __wasilibc_stat(path, st, AT_SYMLINK_NOFOLLOW); }

int __wasilibc_utimens(const char *path, const struct timespec times[2], int flags) {
  ON(int, path, -1, __wasilibc_nocwd_utimensat(it.fd, it.path, times, flags));
}
int utime(const char *path, const struct utimbuf *given) {
  struct timespec times[2] = {{.tv_sec = given ? given->actime : 0}, {.tv_sec = given ? given->modtime : 0}};
  return __wasilibc_utimens(path, given ? times : NULL, 0);
}
int utimes(const char *path, const struct timeval given[2]) {
  if (given == NULL) return __wasilibc_utimens(path, NULL, 0);
  struct timespec times[2];
  for (int i = 0; i < 2; i++) {
    if (given[i].tv_usec < 0 || given[i].tv_usec >= 1000000) {
      errno = EINVAL;
      return -1;
    }
    times[i] = (struct timespec){given[i].tv_sec, given[i].tv_usec * 1000};
  }
  return __wasilibc_utimens(path, times, 0);
}

int unlink(const char *path) { ON(int, path, -1, __wasilibc_nocwd___wasilibc_unlinkat(it.fd, it.path)); }
int rmdir(const char *path) { ON(int, path, -1, __wasilibc_nocwd___wasilibc_rmdirat(it.fd, it.path)); }
int remove(const char *path) {
  int saved = errno;
  if (unlink(path) == 0) return 0;
  if (errno != EISDIR && errno != ENOTDIR && errno != EPERM) return -1;
  errno = saved;
  return rmdir(path);
}
int mkdir(const char *path, mode_t mode) { ON(int, path, -1, __wasilibc_nocwd_mkdirat_nomode(it.fd, it.path)); }
DIR *opendir(const char *path) { ON(DIR *, path, NULL, __wasilibc_nocwd_opendirat(it.fd, it.path)); }
int scandir(const char *restrict path, struct dirent ***restrict names, int (*keep)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **)) {
  ON(int, path, -1, __wasilibc_nocwd_scandirat(it.fd, it.path, names, keep, compare));
}
int symlink(const char *target, const char *path) {
  ON(int, path, -1, __wasilibc_nocwd_symlinkat(target, it.fd, it.path));
}

int __wasilibc_link_newat(const char *path, int fd, const char *other, int flags) {
  ON(int, path, -1, __wasilibc_nocwd_linkat(it.fd, it.path, fd, other, flags));
}
int __wasilibc_link_oldat(int fd, const char *path, const char *other, int flags) {
  ON(int, other, -1, __wasilibc_nocwd_linkat(fd, path, it.fd, it.path, flags));
}
int __wasilibc_link(const char *path, const char *other, int flags) {
  ON(int, path, -1, __wasilibc_link_oldat(it.fd, it.path, other, flags));
}
int link(const char *path, const char *other) { return __wasilibc_link(path, other, 0); }

int __wasilibc_rename_newat(const char *path, int fd, const char *other) {
  ON(int, path, -1, __wasilibc_nocwd_renameat(it.fd, it.path, fd, other));
}
int __wasilibc_rename_oldat(int fd, const char *path, const char *other) {
  ON(int, other, -1, __wasilibc_nocwd_renameat(fd, path, it.fd, it.path));
}
int rename(const char *path, const char *other) { ON(int, path, -1, __wasilibc_rename_oldat(it.fd, it.path, other)); }

/* There are no modes, and no file systems to ask about. */
static int unsupported(void) {
  errno = ENOTSUP;
  return -1;
}
int chmod(const char *path, mode_t mode) { return unsupported(); }
int fchmod(int fd, mode_t mode) { return unsupported(); }
int fchmodat(int fd, const char *path, mode_t mode, int flags) { return unsupported(); }
int statvfs(const char *__restrict path, void *__restrict to) { return unsupported(); }
int fstatvfs(int fd, void *to) { return unsupported(); }
