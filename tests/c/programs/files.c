/* Files in a directory that the program was given as "data": whatever goes wrong fails an assertion. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <skein.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { MANY = 32, RECORD = 100 };

#define FAILS(call, error) assert((errno = 0, (call) == -1) && errno == (error))

static int shared;

/* Each writes its own places of one file, appends to another, and has a file for itself. */
static void *work(void *arg) {
  int n = (int)(long)arg;
  char record[RECORD], own[40], read_back[RECORD];
  memset(record, 'a' + n % 26, RECORD);
  for (int i = 0; i < 20; i++) {
    off_t at = (off_t)(i * MANY + n) * RECORD;
    assert(pwrite(shared, record, RECORD, at) == RECORD);
    assert(pread(shared, read_back, RECORD, at) == RECORD && memcmp(record, read_back, RECORD) == 0);
  }
  snprintf(own, sizeof own, "data/many/file-%d", n);
  FILE *f = fopen(own, "w+");
  assert(f != NULL);
  for (int i = 0; i < 100; i++) fprintf(f, "line %d of %d\n", i, n);
  rewind(f);
  char line[100];
  for (int i = 0; i < 100; i++) {
    int k, m;
    assert(fgets(line, sizeof line, f) != NULL && sscanf(line, "line %d of %d", &k, &m) == 2 && k == i && m == n);
  }
  assert(fgets(line, sizeof line, f) == NULL && feof(f) && fclose(f) == 0);
  f = fopen("data/log", "a");
  for (int i = 0; i < 10; i++) {
    fprintf(f, "%03d %03d\n", n, i);
    fflush(f);
  }
  assert(fclose(f) == 0);
  return NULL;
}

static void many(void) {
  assert(mkdir("data/many", 0777) == 0);
  shared = open("data/shared", O_RDWR | O_CREAT | O_EXCL, 0666);
  assert(shared >= 0);
  pthread_t threads[MANY];
  for (long i = 0; i < MANY; i++) assert(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
  for (int i = 0; i < MANY; i++) assert(pthread_join(threads[i], NULL) == 0);
  struct stat st;
  assert(fstat(shared, &st) == 0 && st.st_size == 20 * MANY * RECORD && S_ISREG(st.st_mode));
  assert(fsync(shared) == 0 && fdatasync(shared) == 0 && close(shared) == 0);
  FAILS(close(shared), EBADF);
  assert(stat("data/log", &st) == 0 && st.st_size == MANY * 10 * 8);
  DIR *d = opendir("data/many");
  int found = 0;
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    if (e->d_name[0] == '.') continue;
    char name[300];
    snprintf(name, sizeof name, "data/many/%s", e->d_name);
    assert(unlink(name) == 0);
    found++;
  }
  assert(found == MANY && closedir(d) == 0 && rmdir("data/many") == 0);
}

static void positions(void) {
  int fd = open("data/p", O_RDWR | O_CREAT | O_TRUNC, 0666);
  assert(write(fd, "hello world", 11) == 11 && lseek(fd, 0, SEEK_CUR) == 11 && lseek(fd, -5, SEEK_END) == 6);
  char text[20] = "";
  assert(read(fd, text, 20) == 5 && strcmp(text, "world") == 0 && read(fd, text, 20) == 0);
  FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
  FAILS(pread(fd, text, 1, -1), EINVAL);
  assert(ftruncate(fd, 5) == 0 && lseek(fd, 0, SEEK_END) == 5 && posix_fallocate(fd, 0, 50) == 0);
  assert(lseek(fd, 0, SEEK_END) == 50);
  FAILS(ftruncate(fd, -1), EINVAL);
  struct timeval times[2] = {{1000, 500000}, {2000, 0}};
  struct stat st;
  assert(utimes("data/p", times) == 0 && stat("data/p", &st) == 0 && st.st_mtim.tv_sec == 2000);
  assert(st.st_atim.tv_sec == 1000 && st.st_atim.tv_nsec == 500000000);
  /* A file without a name lives until it is closed. */
  assert(unlink("data/p") == 0 && pwrite(fd, "X", 1, 0) == 1 && pread(fd, text, 1, 0) == 1 && text[0] == 'X');
  assert(close(fd) == 0);
  fd = open("data/a", O_WRONLY | O_CREAT | O_APPEND, 0666);
  assert(write(fd, "one", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "two", 3) == 3);
  FAILS(read(fd, text, 1), EBADF);
  assert(fcntl(fd, F_GETFL) == (O_WRONLY | O_APPEND) && close(fd) == 0);
  fd = open("data/a", O_RDONLY);
  assert(read(fd, text, 20) == 6 && memcmp(text, "onetwo", 6) == 0);
  FAILS(write(fd, "x", 1), EBADF);
  assert(close(fd) == 0);
}

static void names(void) {
  struct stat st;
  char text[20];
  FAILS(open("data/none", O_RDONLY), ENOENT);
  FAILS(open("data/a", O_WRONLY | O_CREAT | O_EXCL, 0666), EEXIST);
  FAILS(open("data/a/b", O_RDONLY), ENOTDIR);
  FAILS(open("data/a", O_RDONLY | O_DIRECTORY), ENOTDIR);
  FAILS(open("data", O_WRONLY), EISDIR);
  FAILS(open("elsewhere", O_RDONLY), ENOENT);
  FAILS(open("data/", O_CREAT | O_WRONLY, 0666), EISDIR);
  FAILS(mkdir("data/a", 0777), EEXIST);
  FAILS(rmdir("data/a"), ENOTDIR);
  FAILS(rmdir("data"), EBUSY);
  assert(mkdir("data/d", 0777) == 0 && rename("data/a", "data/d/b") == 0 && link("data/d/b", "data/d/c") == 0);
  assert(stat("data/d/./../d//c", &st) == 0 && st.st_size == 6 && st.st_nlink == 2);
  FAILS(rmdir("data/d"), ENOTEMPTY);
  FAILS(rename("data/d", "data/d/e"), EINVAL);
  FAILS(symlink("d", "data/new"), ENOTSUP);
  int d = open("data/d", O_RDONLY | O_DIRECTORY);
  assert(d >= 0 && fstatat(d, "b", &st, 0) == 0 && fstat(d, &st) == 0 && S_ISDIR(st.st_mode));
  FAILS(read(d, text, 1), EISDIR);
  assert(close(d) == 0);
  /* No way out: the directory beside has secret, and the links are not the program's. */
  FAILS(open("data/../secret", O_RDONLY), ENOTCAPABLE);
  FAILS(open("data/d/../../secret", O_RDONLY), ENOTCAPABLE);
  FAILS(open("data/up", O_RDONLY), ENOTCAPABLE);
  FAILS(open("data/out", O_RDONLY), ENOTCAPABLE);
  FAILS(stat("data/out", &st), ENOTCAPABLE);
  FAILS(open("data/away/secret", O_RDONLY), ENOTCAPABLE);
  FAILS(open("data/away/new", O_WRONLY | O_CREAT, 0666), ENOTCAPABLE);
  FAILS(rename("data/d/b", "data/away/b"), ENOTCAPABLE);
  FAILS(open("data/loop", O_RDONLY), ELOOP);
  FAILS(open("data/in", O_RDONLY | O_NOFOLLOW), ELOOP);
  int in = open("data/in", O_RDONLY); /* a link to d/c */
  assert(in >= 0 && read(in, text, 20) == 6 && close(in) == 0);
  assert(lstat("data/in", &st) == 0 && S_ISLNK(st.st_mode));
  assert(readlink("data/in", text, sizeof text) == 3 && memcmp(text, "d/c", 3) == 0);
  assert(unlink("data/d/b") == 0 && unlink("data/d/c") == 0 && rmdir("data/d") == 0);
  int last = -1, fds[1024], n = 0;
  while ((last = open("data/log", O_RDONLY)) >= 0) fds[n++] = last;
  assert(errno == EMFILE && n > 1000);
  while (n > 0) assert(close(fds[--n]) == 0);
}

/* Somebody closes what others read: they get what is in it, or EBADF, and never another file. */
static void *read_on(void *arg) {
  char c;
  for (int i = 0; i < 300; i++) {
    ssize_t n = pread(*(int *)arg, &c, 1, 0);
    assert((n == 1 && c == '0') || (n == -1 && errno == EBADF));
  }
  return NULL;
}

static void races(void) {
  pthread_t threads[4];
  int fd = open("data/log", O_RDONLY);
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, read_on, &fd);
  for (int i = 0; i < 100; i++) {
    assert(close(fd) == 0);
    skein_gosched();
    fd = open("data/log", O_RDONLY);
  }
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  assert(close(fd) == 0);
}

/* What one thread has opened another one closes. Its number is soon that of something else, perhaps of the host's own for a new thread. */
static void *close_it(void *arg) {
  int fd = (int)(long)arg;
  assert(write(fd, "x", 1) == 1 && fsync(fd) == 0 && close(fd) == 0);
  return NULL;
}

static void handed_on(void) {
  int fds[2 * MANY];
  pthread_t threads[2 * MANY];
  for (int i = 0; i < 2 * MANY; i++) assert((fds[i] = open("data/x", O_WRONLY | O_CREAT, 0666)) >= 0);
  for (int i = 0; i < 2 * MANY; i++) assert(pthread_create(&threads[i], NULL, close_it, (void *)(long)fds[i]) == 0);
  for (int i = 0; i < 2 * MANY; i++) assert(pthread_join(threads[i], NULL) == 0);
  assert(unlink("data/x") == 0);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "handed on") == 0) {
    for (int i = 0; i < 6; i++) handed_on();
    return 0;
  }
  if (argc > 1) { /* it was given no directory */
    FILE *f = fopen(argv[1], "r");
    if (f == NULL) perror(argv[1]);
    return f == NULL ? 3 : 0;
  }
  many();
  positions();
  names();
  races();
  assert(unlink("data/log") == 0 && unlink("data/shared") == 0);
  puts("all is well");
  return 0;
}
