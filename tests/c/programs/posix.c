/* Threads after the text of POSIX, clause by clause, where threads.c does not have it already. */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <skein.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static struct timespec in_ms(clockid_t clock, long ms) {
  struct timespec at;
  clock_gettime(clock, &at);
  at.tv_sec += ms / 1000;
  at.tv_nsec += ms % 1000 * 1000000;
  if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
  return at;
}

static void *pass(void *arg) { return arg; }

static pthread_t start(void *(*f)(void *), void *arg) {
  pthread_t thread;
  assert(pthread_create(&thread, NULL, f, arg) == 0);
  return thread;
}

static void *join(pthread_t thread) {
  void *result;
  assert(pthread_join(thread, &result) == 0);
  return result;
}

/* ---- pthread_create, _join, _detach, _exit ---- */

static char order[20];
static pthread_key_t exit_key;

static void note(void *text) { strcat(order, text); }

static void *exit_in_order(void *arg) {
  pthread_setspecific(exit_key, "k");
  pthread_cleanup_push(note, "a");
  pthread_cleanup_push(note, "b");
  pthread_cleanup_push(note, "c");
  pthread_cleanup_pop(1);
  pthread_exit(arg);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
}

static sem_t go_on;

static void *wait_to_go_on(void *arg) {
  sem_wait(&go_on);
  return arg;
}

static void *join_self(void *arg) { return (void *)(long)pthread_join(pthread_self(), NULL); }

static void beginnings_and_ends(void) {
  pthread_attr_t attr;
  size_t size;
  int state;
  assert(pthread_attr_init(&attr) == 0 && pthread_attr_getdetachstate(&attr, &state) == 0);
  assert(state == PTHREAD_CREATE_JOINABLE && pthread_attr_setdetachstate(&attr, 77) == EINVAL);
  assert(pthread_attr_getstacksize(&attr, &size) == 0 && size >= PTHREAD_STACK_MIN);
  assert(pthread_attr_setstacksize(&attr, 1) == EINVAL && pthread_attr_setstacksize(&attr, 1 << 20) == 0);
  pthread_t thread;
  assert(pthread_create(&thread, &attr, pass, "x") == 0 && join(thread) != NULL);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  sem_init(&go_on, 0, 0);
  assert(pthread_create(&thread, &attr, wait_to_go_on, NULL) == 0);
  assert(pthread_join(thread, NULL) == EINVAL && pthread_detach(thread) == EINVAL);
  sem_post(&go_on);
  while (sem_getvalue(&go_on, &state) == 0 && state != 0) sched_yield();
  assert(pthread_attr_destroy(&attr) == 0);

  thread = start(wait_to_go_on, "y");
  assert(pthread_equal(thread, thread) && !pthread_equal(thread, pthread_self()));
  struct timespec at = in_ms(CLOCK_REALTIME, 3);
  assert(pthread_tryjoin_np(thread, NULL) == EBUSY && pthread_timedjoin_np(thread, NULL, &at) == ETIMEDOUT);
  sem_post(&go_on);
  assert(join(thread) != NULL && (long)join(start(join_self, NULL)) == EDEADLK);

  /* Handlers in the reverse of their order, then the destructors of keys. */
  pthread_key_create(&exit_key, note);
  assert(join(start(exit_in_order, order)) == order && strcmp(order, "cbak") == 0);
  pthread_key_delete(exit_key);
  /* One that has ended may be detached, and be cancelled before it is joined. */
  for (int i = 0; i < 50; i++) {
    thread = start(pass, NULL);
    if (i % 2) sched_yield();
    assert(pthread_cancel(thread) == 0);
    if (i % 3) pthread_join(thread, NULL);
    else assert(pthread_detach(thread) == 0);
  }
}

/* ---- keys ---- */

static pthread_key_t key, other_key;
static _Atomic int rounds, seen;

static void set_again(void *value) {
  assert(pthread_getspecific(key) == NULL); /* it was set to null before */
  rounds++;
  pthread_setspecific(key, value);
}

static void set_other(void *value) { pthread_setspecific(other_key, value); }
static void see(void *value) { seen++; }

static void *set_key(void *arg) {
  assert(pthread_getspecific(key) == NULL && pthread_setspecific(key, arg) == 0 && pthread_getspecific(key) == arg);
  return NULL;
}

static void *keep_key(void *arg) {
  set_key(arg);
  sem_wait(&go_on);
  return pthread_getspecific(key);
}

static void keys(void) {
  assert(pthread_key_create(&key, set_again) == 0);
  join(start(set_key, "again"));
  assert(rounds == PTHREAD_DESTRUCTOR_ITERATIONS && pthread_key_delete(key) == 0 && pthread_key_delete(key) == EINVAL);
  assert(pthread_setspecific(key, "x") == EINVAL);
  /* A destructor that sets the other key, whichever is first. */
  assert(pthread_key_create(&other_key, see) == 0 && pthread_key_create(&key, set_other) == 0);
  join(start(set_key, "other"));
  assert(seen == 1);
  pthread_key_delete(other_key);
  join(start(set_key, "other")); /* which is none any more */
  assert(seen == 1);
  /* A new key has no value in any thread, though its number had one. */
  pthread_t keeper = start(keep_key, "kept");
  usleep(2000);
  pthread_key_t same;
  assert(pthread_key_delete(key) == 0 && pthread_key_create(&same, see) == 0);
  while (same != key) assert(pthread_key_create(&same, see) == 0);
  sem_post(&go_on);
  assert(join(keeper) == NULL && seen == 1);
  pthread_key_t all[PTHREAD_KEYS_MAX];
  int n = 0, error;
  while ((error = pthread_key_create(&all[n], NULL)) == 0) n++;
  assert(error == EAGAIN && n > PTHREAD_KEYS_MAX - 10);
  while (n > 0) pthread_key_delete(all[--n]);
}

/* ---- once, and an initialisation that is cancelled ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic int attempts;

static void slowly(void) {
  if (attempts++ == 0) sleep(1000);
}

static void *do_once(void *arg) {
  pthread_once(&once, slowly);
  return arg;
}

static void initialisation(void) {
  pthread_t first = start(do_once, NULL);
  while (attempts == 0) sched_yield();
  pthread_t second = start(do_once, "done");
  usleep(1000);
  assert(attempts == 1 && pthread_cancel(first) == 0 && join(first) == PTHREAD_CANCELED);
  assert(strcmp(join(second), "done") == 0 && attempts == 2);
}

/* ---- mutexes ---- */

static pthread_mutex_t mutex;

static void *try_it(void *arg) { return (void *)(long)pthread_mutex_trylock(&mutex); }
static void *unlock_it(void *arg) { return (void *)(long)pthread_mutex_unlock(&mutex); }

static void *lock_and_end(void *arg) {
  pthread_mutex_lock(&mutex);
  pthread_testcancel();
  pthread_mutex_unlock(&mutex);
  return arg;
}

static void clean_mutex(void *arg) { pthread_mutex_unlock(&mutex); }

/* Waiting for a mutex is no cancellation point. */
static void *lock_then_test(void *arg) {
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(clean_mutex, NULL);
  rounds = 100;
  pthread_testcancel();
  pthread_cleanup_pop(1);
  return NULL;
}

static void mutexes(void) {
  pthread_mutexattr_t attr;
  int value;
  assert(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_gettype(&attr, &value) == 0);
  assert(value == PTHREAD_MUTEX_DEFAULT && pthread_mutexattr_settype(&attr, 77) == EINVAL);
  assert(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_PRIVATE) == 0);
  assert(pthread_mutexattr_setrobust(&attr, 77) == EINVAL && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == ENOTSUP);
  int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK};
  for (int i = 0; i < 3; i++) {
    assert(pthread_mutexattr_settype(&attr, types[i]) == 0 && pthread_mutex_init(&mutex, &attr) == 0);
    assert(pthread_mutex_lock(&mutex) == 0 && (long)join(start(try_it, NULL)) == EBUSY);
    if (i > 0) assert((long)join(start(unlock_it, NULL)) == EPERM);
    struct timespec at = in_ms(CLOCK_REALTIME, 3), wrong = {0, 1000000000};
    if (i == 0) assert(pthread_mutex_timedlock(&mutex, &at) == ETIMEDOUT);
    if (i == 1) assert(pthread_mutex_timedlock(&mutex, &at) == 0 && pthread_mutex_unlock(&mutex) == 0);
    if (i == 2) assert(pthread_mutex_timedlock(&mutex, &at) == EDEADLK);
    pthread_t waiter = start(lock_then_test, NULL);
    usleep(1000);
    assert(pthread_cancel(waiter) == 0 && rounds != 100 && pthread_mutex_unlock(&mutex) == 0);
    assert(join(waiter) == PTHREAD_CANCELED && rounds == 100);
    rounds = 0;
    /* A time that is none is no matter where nobody has to wait. */
    assert(pthread_mutex_timedlock(&mutex, &wrong) == 0 && pthread_mutex_unlock(&mutex) == 0);
    assert(pthread_mutex_destroy(&mutex) == 0);
  }
  assert(pthread_mutexattr_destroy(&attr) == 0);
  pthread_spinlock_t spin;
  assert(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0 && pthread_spin_lock(&spin) == 0);
  assert(pthread_spin_trylock(&spin) == EBUSY && pthread_spin_unlock(&spin) == 0 && pthread_spin_trylock(&spin) == 0);
  assert(pthread_spin_unlock(&spin) == 0 && pthread_spin_destroy(&spin) == 0);
}

/* ---- conditions, which may be destroyed once all are woken ---- */

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t *condition;
static int waiting, is_time;

static void *wait_for_time(void *arg) {
  pthread_mutex_lock(&guard);
  waiting++;
  while (!is_time) pthread_cond_wait(condition, &guard);
  waiting--;
  pthread_mutex_unlock(&guard);
  return NULL;
}

static void conditions(void) {
  pthread_condattr_t attr;
  clockid_t clock;
  assert(pthread_condattr_init(&attr) == 0 && pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
  assert(pthread_condattr_getclock(&attr, &clock) == 0 && clock == CLOCK_MONOTONIC);
  pthread_cond_t monotonic;
  assert(pthread_cond_init(&monotonic, &attr) == 0 && pthread_cond_signal(&monotonic) == 0);
  struct timespec at = in_ms(CLOCK_MONOTONIC, 3), past = {0, 0}, wrong = {0, -1};
  pthread_mutex_lock(&guard);
  assert(pthread_cond_timedwait(&monotonic, &guard, &at) == ETIMEDOUT);
  assert(pthread_cond_timedwait(&monotonic, &guard, &past) == ETIMEDOUT);
  assert(pthread_cond_timedwait(&monotonic, &guard, &wrong) == EINVAL);
  assert(pthread_mutex_trylock(&guard) == EBUSY);
  pthread_mutex_unlock(&guard);
  assert(pthread_cond_destroy(&monotonic) == 0 && pthread_condattr_destroy(&attr) == 0);
  for (int i = 0; i < 50; i++) {
    pthread_t threads[8];
    condition = malloc(sizeof *condition);
    pthread_cond_init(condition, NULL);
    is_time = 0;
    for (int k = 0; k < 8; k++) threads[k] = start(wait_for_time, NULL);
    pthread_mutex_lock(&guard);
    while (waiting < 8) {
      pthread_mutex_unlock(&guard);
      sched_yield();
      pthread_mutex_lock(&guard);
    }
    is_time = 1;
    pthread_cond_broadcast(condition);
    pthread_mutex_unlock(&guard);
    pthread_cond_destroy(condition);
    memset(condition, 0x5a, sizeof *condition);
    void *same = condition;
    for (int k = 0; k < 8; k++) join(threads[k]);
    for (int k = 0; k < sizeof *condition; k++) assert(((char *)same)[k] == 0x5a);
    free(same);
  }
}

/* ---- barriers, which the one that leaves first may destroy ---- */

static pthread_barrier_t *barrier;

static void *meet(void *arg) {
  pthread_barrier_t *it = arg;
  if (pthread_barrier_wait(it) != PTHREAD_BARRIER_SERIAL_THREAD) return NULL;
  pthread_barrier_destroy(it);
  memset(it, 0x5a, sizeof *it);
  return it;
}

static void barriers(void) {
  pthread_barrier_t none;
  assert(pthread_barrier_init(&none, NULL, 0) == EINVAL);
  for (int i = 0; i < 100; i++) {
    pthread_t threads[6];
    barrier = malloc(sizeof *barrier);
    assert(pthread_barrier_init(barrier, NULL, 6) == 0);
    int serial = 0;
    for (int k = 0; k < 6; k++) threads[k] = start(meet, barrier);
    for (int k = 0; k < 6; k++) serial += join(threads[k]) != NULL;
    assert(serial == 1);
    for (int k = 0; k < sizeof *barrier; k++) assert(((char *)barrier)[k] == 0x5a);
    free(barrier);
  }
}

/* ---- reader-writer locks, semaphores ---- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *try_to_read(void *arg) {
  struct timespec at = in_ms(CLOCK_REALTIME, 3);
  int error = arg ? pthread_rwlock_timedwrlock(&rwlock, &at) : pthread_rwlock_tryrdlock(&rwlock);
  if (error == 0) pthread_rwlock_unlock(&rwlock);
  return (void *)(long)error;
}

static void *write_it(void *arg) {
  pthread_rwlock_wrlock(&rwlock);
  rounds++;
  pthread_rwlock_unlock(&rwlock);
  return NULL;
}

static void *take_one(void *arg) { return (void *)(long)sem_wait(arg); }

static void locks_and_semaphores(void) {
  assert(pthread_rwlock_rdlock(&rwlock) == 0 && pthread_rwlock_tryrdlock(&rwlock) == 0);
  assert(pthread_rwlock_trywrlock(&rwlock) == EBUSY && join(start(try_to_read, NULL)) == NULL);
  assert((long)join(start(try_to_read, "to write")) == ETIMEDOUT);
  rounds = 0;
  pthread_t writer = start(write_it, NULL);
  usleep(1000);
  assert(rounds == 0 && pthread_rwlock_unlock(&rwlock) == 0);
  usleep(1000);
  assert(rounds == 0 && pthread_rwlock_unlock(&rwlock) == 0);
  join(writer);
  assert(rounds == 1 && pthread_rwlock_wrlock(&rwlock) == 0 && (long)join(start(try_to_read, NULL)) == EBUSY);
  struct timespec past = {0, 0}, wrong = {0, 1000000000};
  assert(pthread_rwlock_timedrdlock(&rwlock, &past) == ETIMEDOUT && pthread_rwlock_timedrdlock(&rwlock, &wrong) == EINVAL);
  assert(pthread_rwlock_unlock(&rwlock) == 0 && pthread_rwlock_destroy(&rwlock) == 0);

  sem_t it;
  int value;
  assert(sem_init(&it, 0, (unsigned)INT_MAX + 1) == -1 && errno == EINVAL && sem_init(&it, 0, INT_MAX) == 0);
  assert(sem_post(&it) == -1 && errno == EOVERFLOW && sem_getvalue(&it, &value) == 0 && value == INT_MAX);
  assert(sem_init(&it, 0, 1) == 0 && sem_timedwait(&it, &wrong) == 0 && sem_trywait(&it) == -1 && errno == EAGAIN);
  assert(sem_timedwait(&it, &wrong) == -1 && errno == EINVAL && sem_timedwait(&it, &past) == -1 && errno == ETIMEDOUT);
  pthread_t takers[10];
  for (int i = 0; i < 10; i++) takers[i] = start(take_one, &it);
  for (int i = 0; i < 5; i++) assert(pthread_cancel(takers[i]) == 0);
  for (int i = 0; i < 5; i++) assert(join(takers[i]) == PTHREAD_CANCELED);
  for (int i = 0; i < 5; i++) sem_post(&it);
  for (int i = 5; i < 10; i++) assert(join(takers[i]) == NULL);
  assert(sem_getvalue(&it, &value) == 0 && value == 0 && sem_destroy(&it) == 0);
}

/* ---- sleep, C11 ---- */

static void *sleep_long(void *arg) {
  struct timespec at = in_ms(CLOCK_MONOTONIC, 1000000);
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
  abort();
}

static once_flag flag = ONCE_FLAG_INIT;
static tss_t tss;
static cnd_t cnd;
static mtx_t mtx;

static void count_once(void) { rounds++; }

static int c11(void *arg) {
  call_once(&flag, count_once);
  tss_set(tss, "t");
  mtx_lock(&mtx);
  waiting++;
  while (waiting < 3) cnd_wait(&cnd, &mtx);
  cnd_broadcast(&cnd);
  mtx_unlock(&mtx);
  return 7;
}

static void the_rest(void) {
  struct timespec pause = {0, 1000000}, wrong = {0, 1000000000};
  assert(clock_nanosleep(CLOCK_MONOTONIC, 0, &wrong, NULL) == EINVAL && thrd_sleep(&pause, NULL) == 0);
  pthread_t sleeper = start(sleep_long, NULL);
  usleep(1000);
  assert(pthread_cancel(sleeper) == 0 && join(sleeper) == PTHREAD_CANCELED);
  rounds = seen = waiting = 0;
  thrd_t threads[3];
  int result;
  assert(tss_create(&tss, see) == thrd_success && cnd_init(&cnd) == thrd_success && mtx_init(&mtx, mtx_timed) == thrd_success);
  for (int i = 0; i < 3; i++) assert(thrd_create(&threads[i], c11, NULL) == thrd_success);
  for (int i = 0; i < 3; i++) assert(thrd_join(threads[i], &result) == thrd_success && result == 7);
  assert(rounds == 1 && seen == 3 && mtx_lock(&mtx) == thrd_success && mtx_trylock(&mtx) == thrd_busy);
  struct timespec at = in_ms(CLOCK_REALTIME, 2);
  assert(mtx_timedlock(&mtx, &at) == thrd_timedout && cnd_timedwait(&cnd, &mtx, &at) == thrd_timedout);
  assert(mtx_unlock(&mtx) == thrd_success);
  mtx_destroy(&mtx), cnd_destroy(&cnd), tss_delete(tss);
  assert(thrd_equal(thrd_current(), thrd_current()));
}

static volatile sig_atomic_t signalled;

static void on_signal(int number) { signalled = number; }

/* What wasi-libc has by emulation only, or leaves out unless told, and what it cannot know. */
static void the_system(void) {
  assert(signal(SIGINT, on_signal) == SIG_DFL && raise(SIGINT) == 0 && signalled == SIGINT);
  assert(clock() != (clock_t)-1 && getpid() > 0);
  char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert(page != MAP_FAILED && page[65535] == 0 && munmap(page, 65536) == 0);
  char text[16];
  snprintf(text, sizeof text, "%.3Lf", 1.0L / 3);
  assert(strcmp(text, "0.333") == 0);
  assert(sysconf(_SC_NPROCESSORS_ONLN) == skein_gomaxprocs(0));
}

void posix(void) {
  beginnings_and_ends();
  keys();
  initialisation();
  mutexes();
  conditions();
  barriers();
  locks_and_semaphores();
  the_rest();
  the_system();
}
