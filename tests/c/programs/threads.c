/* POSIX threads, C11 threads, semaphores, stdio and errno of many goroutines: whatever goes wrong fails an assertion. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <skein.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 100 };

static pthread_t threads[MANY];

static void all(int n, void *(*f)(void *)) {
  for (long i = 0; i < n; i++) assert(pthread_create(&threads[i], NULL, f, (void *)i) == 0);
  for (long i = 0; i < n; i++) {
    void *result;
    assert(pthread_join(threads[i], &result) == 0);
    assert(result == (void *)i);
  }
}

static struct timespec soon(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_nsec += 20000000;
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  return at;
}

/* ---- a mutex, thread-local variables, keys, atomics, malloc ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;
static long counter;
static _Atomic long atomic_counter;
static _Atomic int destroyed;
static _Thread_local int mine = 7;

static void destroy(void *value) {
  destroyed++;
  free(value);
}

static void *count(void *arg) {
  int *own = malloc(sizeof *own);
  *own = (int)(long)arg;
  pthread_setspecific(key, own);
  for (int i = 0; i < 1000; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
    atomic_counter++;
    mine++;
  }
  assert(mine == 1007);
  assert(*(int *)pthread_getspecific(key) == (int)(long)arg);
  return arg;
}

static void *own_errno(void *arg) {
  errno = 1000 + (int)(long)arg;
  skein_gosched();
  assert(errno == 1000 + (int)(long)arg);
  assert(close(77) == -1 && errno == EBADF); /* libc's own */
  skein_sleep(100000);
  assert(errno == EBADF);
  return arg;
}

static void *allocate(void *arg) {
  void *blocks[50];
  for (int i = 0; i < 50; i++) {
    blocks[i] = i % 3 == 0 ? calloc(i + 1, 40) : malloc(i * 97);
    memset(blocks[i], i, i * 30);
    blocks[i] = realloc(blocks[i], i * 200);
    for (int k = 0; k < i * 30; k++) assert(((unsigned char *)blocks[i])[k] == i);
  }
  for (int i = 0; i < 50; i++) free(blocks[i]);
  for (size_t alignment = 16; alignment <= 65536; alignment *= 2) {
    void *block = aligned_alloc(alignment, 100);
    assert((unsigned long)block % alignment == 0);
    free(block);
  }
  assert(malloc(0x7ffffff0) == NULL || errno == 0);
  return arg;
}

/* ---- conditions ---- */

static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn;

static void *take_turns(void *arg) {
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != (int)(long)arg) pthread_cond_wait(&condition, &mutex);
    turn = (turn + 1) % 3;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
  }
  return arg;
}

static void time_outs(void) {
  struct timespec at = soon();
  pthread_mutex_lock(&mutex);
  assert(pthread_cond_timedwait(&condition, &mutex, &at) == ETIMEDOUT);
  assert(pthread_mutex_timedlock(&mutex, &at) == ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  assert(now.tv_sec > at.tv_sec || (now.tv_sec == at.tv_sec && now.tv_nsec >= at.tv_nsec));
  at.tv_nsec = -1;
  assert(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_timedlock(&mutex, &at) == EINVAL);
  pthread_mutex_unlock(&mutex);
}

static void kinds_of_mutexes(void) {
  pthread_mutexattr_t attr;
  pthread_mutex_t it;
  pthread_mutexattr_init(&attr);
  pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&it, &attr);
  assert(pthread_mutex_lock(&it) == 0 && pthread_mutex_lock(&it) == 0 && pthread_mutex_trylock(&it) == 0);
  for (int i = 0; i < 3; i++) assert(pthread_mutex_unlock(&it) == 0);
  assert(pthread_mutex_unlock(&it) == EPERM);
  pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&it, &attr);
  assert(pthread_mutex_unlock(&it) == EPERM);
  assert(pthread_mutex_lock(&it) == 0 && pthread_mutex_lock(&it) == EDEADLK && pthread_mutex_trylock(&it) == EBUSY);
  assert(pthread_mutex_destroy(&it) == EBUSY && pthread_mutex_unlock(&it) == 0 && pthread_mutex_destroy(&it) == 0);
}

/* ---- reader-writer locks, barriers, semaphores, once ---- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int guarded;

static void *read_or_write(void *arg) {
  for (int i = 0; i < 300; i++) {
    if ((long)arg % 4 == 0) {
      pthread_rwlock_wrlock(&rwlock);
      guarded++;
    } else {
      pthread_rwlock_rdlock(&rwlock);
      int seen = guarded;
      if (i % 10 == 0) skein_gosched();
      assert(seen == guarded);
    }
    pthread_rwlock_unlock(&rwlock);
  }
  return arg;
}

static pthread_barrier_t barrier;
static _Atomic int serial;

static void *meet(void *arg) {
  for (int i = 0; i < 100; i++) serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
  return arg;
}

static sem_t semaphore;

static void *take(void *arg) {
  for (int i = 0; i < 100; i++) assert(sem_wait(&semaphore) == 0);
  return arg;
}

static void *post(void *arg) {
  sem_post(&semaphore);
  return arg;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int onces;

static void do_once(void) {
  skein_gosched();
  onces++;
}

static void *call_it_once(void *arg) {
  pthread_once(&once, do_once);
  assert(onces == 1);
  return arg;
}

/* ---- beginnings and ends ---- */

static void *leave(void *arg) { pthread_exit(arg); }

static int c11(void *arg) {
  mtx_t *lock = arg;
  mtx_lock(lock);
  guarded++;
  mtx_unlock(lock);
  thrd_exit(5);
}

static void c11_threads(void) {
  thrd_t thread;
  mtx_t lock;
  int result;
  mtx_init(&lock, mtx_plain);
  guarded = 0;
  for (int i = 0; i < 10; i++) {
    assert(thrd_create(&thread, c11, &lock) == thrd_success);
    assert(thrd_join(thread, &result) == thrd_success && result == 5);
  }
  assert(guarded == 10);
}

static void *large_stack(void *arg) {
  volatile char room[300000];
  room[0] = room[299999] = 1;
  return arg;
}

static void *print_lines(void *arg) {
  for (int i = 0; i < 100; i++) printf("%ld: a line of %d words, more or less %s\n", (long)arg, 8, "!");
  return arg;
}

/* Times that are over before the wait has begun, or as it begins. */
static void *be_impatient(void *arg) {
  sem_t never;
  sem_init(&never, 0, 0);
  for (int i = 0; i < 2000; i++) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += i % 16 * 200;
    if (at.tv_nsec >= 1000000000) {
      at.tv_sec++;
      at.tv_nsec -= 1000000000;
    }
    assert(sem_timedwait(&never, &at) == -1 && errno == ETIMEDOUT);
  }
  return arg;
}

/* ---- cancellation ---- */

static _Atomic int cleaned, waiting;
static sem_t cancel_semaphore;

static void clean(void *arg) {
  cleaned++;
  if (arg != NULL) assert(pthread_mutex_unlock(arg) == 0);
}

static void *never(void *arg) {
  pthread_t *other = arg;
  pthread_cleanup_push(clean, NULL);
  waiting++;
  if (other != NULL) pthread_join(*other, NULL);
  for (;;) sleep(1000);
  pthread_cleanup_pop(0);
}

static void *wait_for_condition(void *arg) {
  static pthread_cond_t unused = PTHREAD_COND_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(clean, &mutex);
  waiting++;
  for (;;) pthread_cond_wait(&unused, &mutex);
  pthread_cleanup_pop(0);
}

static void *wait_for_semaphore(void *arg) {
  pthread_cleanup_push(clean, NULL);
  waiting++;
  sem_wait(&cancel_semaphore);
  pthread_cleanup_pop(0);
  return NULL;
}

static void *compute(void *arg) {
  waiting++;
  for (;;) pthread_testcancel();
}

/* Does not listen for a while. */
static void *be_deaf(void *arg) {
  int before, own = 0;
  assert(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before) == 0 && before == PTHREAD_CANCEL_ENABLE);
  assert(pthread_setcancelstate(77, NULL) == EINVAL && pthread_setcanceltype(77, NULL) == EINVAL);
  assert(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before) == 0 && before == PTHREAD_CANCEL_DEFERRED);
  waiting++;
  sem_wait(&cancel_semaphore);
  pthread_testcancel();
  cleaned++;
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
  write(own, "", 0);
  abort();
  return NULL;
}

static void cancel(int n, void *(*f)(void *), void *arg) {
  int before = waiting;
  for (int i = 0; i < n; i++) assert(pthread_create(&threads[i], NULL, f, arg) == 0);
  /* Some are cancelled as they wait, some before. */
  while (waiting < before + n / 2) sched_yield();
  for (int i = 0; i < n; i++) assert(pthread_cancel(threads[i]) == 0);
  for (int i = 0; i < n && f == be_deaf; i++) sem_post(&cancel_semaphore);
  for (int i = 0; i < n; i++) {
    void *result = NULL;
    assert(pthread_join(threads[i], &result) == 0 && result == PTHREAD_CANCELED);
  }
}

static void cancellation(void) {
  sem_init(&cancel_semaphore, 0, 0);
  pthread_t sleeper;
  assert(pthread_create(&sleeper, NULL, never, NULL) == 0);
  cancel(20, never, &sleeper); /* joins */
  assert(pthread_cancel(sleeper) == 0);
  void *result;
  assert(pthread_join(sleeper, &result) == 0 && result == PTHREAD_CANCELED);
  cancel(20, never, NULL);
  cancel(20, wait_for_condition, NULL);
  cancel(20, wait_for_semaphore, NULL);
  cancel(4, compute, NULL);
  int so_far = cleaned;
  assert(so_far <= 81);
  cancel(10, be_deaf, NULL);
  assert(cleaned == so_far + 10);
  assert(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
}

/* ---- the environment ---- */

static void *change_environment(void *arg) {
  char name[20], value[20];
  snprintf(name, sizeof name, "NAME_%ld", (long)arg);
  for (int i = 0; i < 50; i++) {
    snprintf(value, sizeof value, "%d", i);
    assert(setenv(name, value, 1) == 0 && atoi(getenv(name)) == i);
  }
  return arg;
}

/* posix.c */
void posix(void);

int main(int argc, char **argv) {
  assert(argc == 2 && strcmp(argv[1], "an argument") == 0);
  assert(getenv("SKEIN_C_TEST") != NULL && strcmp(getenv("SKEIN_C_TEST"), "ü") == 0);
  pthread_key_create(&key, destroy);
  all(MANY, count);
  assert(counter == MANY * 1000 && atomic_counter == MANY * 1000 && destroyed == MANY && mine == 7);
  all(20, own_errno);
  all(20, allocate);
  all(3, take_turns);
  time_outs();
  kinds_of_mutexes();
  all(12, read_or_write);
  assert(guarded == 900);
  pthread_barrier_init(&barrier, NULL, 8);
  all(8, meet);
  assert(serial == 100);
  sem_init(&semaphore, 0, 0);
  pthread_t taker;
  pthread_create(&taker, NULL, take, (void *)0);
  all(MANY, post);
  pthread_join(taker, NULL);
  struct timespec at = soon();
  assert(sem_timedwait(&semaphore, &at) == -1 && errno == ETIMEDOUT);
  all(50, be_impatient);
  all(10, call_it_once);
  all(10, leave);
  assert(pthread_join(pthread_self(), NULL) != 0);
  c11_threads();
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 400000);
  pthread_create(&taker, &attr, large_stack, NULL);
  pthread_join(taker, NULL);
  all(4, print_lines);
  cancellation();
  all(20, change_environment);
  posix();
  struct timespec pause = {0, 1000000};
  assert(nanosleep(&pause, NULL) == 0 && sched_yield() == 0);
  fprintf(stderr, "all is well\n");
  return 3;
}
