/*
 * pthread_create and what belongs to one thread: its end, those who wait for that, its keys, cleanup handlers. A thread is a goroutine.
 *
 * A record stands for a thread: that of pthread_create until it has been joined, or has ended detached; one that is made when somebody
 * asks for it in goroutines that were begun otherwise. `state` says whether it has ended, and wakes who joins.
 *
 * The program ends when main returns, and also, as POSIX has it, when main has called pthread_exit and the last thread has ended.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "locks.h"

enum { RUNNING, ENDED, DETACHED };

struct __pthread {
  word state;
  void *result;
  void *(*f)(void *);
  void *arg;
  /* Not made by pthread_create: nobody joins it. */
  bool is_foreign;
  /* Whether it is to end, and where it waits, if pthread_cancel is to wake it, at a socket or elsewhere; whether it listens (its own). */
  struct stop stop;
  word *volatile waiting;
  int cancel_state;
  int cancel_type;
};

static _Thread_local pthread_t self;
/* Threads and goroutines of C that have not ended; the first is main. */
static word alive = 1;

pthread_t pthread_self(void) {
  if (self == NULL) {
    self = calloc(1, sizeof *self);
    if (self == NULL) core_die("runtime error: out of memory", 28);
    self->is_foreign = true;
    GOROUTINE->stop = &self->stop;
  }
  return self;
}

int(pthread_equal)(pthread_t a, pthread_t b) { return a == b; }

/* ---- keys ---- */

enum { KEYS = 128, ROUNDS = 4 };

static word keys_lock;
static bool is_key[KEYS];
/* How often a number has been given as a key: what threads have from before is nobody's. */
static unsigned given[KEYS];
static void (*destructors[KEYS])(void *);
static _Thread_local struct {
  void *value;
  unsigned given;
} *values;

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *)) {
  acquire(&keys_lock, NULL, REASON_MUTEX);
  int error = EAGAIN;
  for (int i = 0; i < KEYS && error != 0; i++) {
    if (is_key[i]) continue;
    is_key[i] = true;
    given[i]++;
    destructors[i] = destructor;
    *key = i;
    error = 0;
  }
  release(&keys_lock);
  return error;
}

int pthread_key_delete(pthread_key_t key) {
  if (key >= KEYS || !is_key[key]) return EINVAL;
  acquire(&keys_lock, NULL, REASON_MUTEX);
  is_key[key] = false;
  destructors[key] = NULL;
  release(&keys_lock);
  return 0;
}

void *pthread_getspecific(pthread_key_t key) {
  return values == NULL || key >= KEYS || values[key].given != given[key] ? NULL : values[key].value;
}

int pthread_setspecific(pthread_key_t key, const void *value) {
  if (key >= KEYS || !is_key[key]) return EINVAL;
  if (values == NULL) values = calloc(KEYS, sizeof *values);
  if (values == NULL) return ENOMEM;
  values[key].value = (void *)value;
  values[key].given = given[key];
  return 0;
}

static void destroy_values(void) {
  if (values == NULL) return;
  bool any = true;
  for (int round = 0; round < ROUNDS && any; round++) {
    any = false;
    for (int i = 0; i < KEYS; i++) {
      void *value = pthread_getspecific(i);
      values[i].value = NULL;
      if (value == NULL || destructors[i] == NULL) continue;
      destructors[i](value);
      any = true;
    }
  }
  free(values);
  values = NULL;
}

/* ---- C++'s thread-local variables with destructors ---- */

typedef struct ending {
  void (*f)(void *);
  void *object;
  struct ending *next;
} ending;

static _Thread_local ending *endings;

static void end_objects(void) {
  while (endings != NULL) {
    ending *last = endings;
    endings = last->next;
    last->f(last->object);
    free(last);
  }
}

/* The thread that ends the program does so with its own, as one of the things that exit does. */
int __cxa_thread_atexit(void (*f)(void *), void *object, void *unused) {
  static word is_told;
  ending *it = malloc(sizeof *it);
  if (it == NULL) return -1;
  if (exchange(&is_told, 1) == 0) atexit(end_objects);
  *it = (ending){.f = f, .object = object, .next = endings};
  endings = it;
  return 0;
}

/* ---- the end ---- */

static _Thread_local struct __ptcb *cleanups;

void _pthread_cleanup_push(struct __ptcb *it, void (*f)(void *), void *arg) {
  *it = (struct __ptcb){.__f = f, .__x = arg, .__next = cleanups};
  cleanups = it;
}

void _pthread_cleanup_pop(struct __ptcb *it, int run) {
  cleanups = it->__next;
  if (run) it->__f(it->__x);
}

void __skein_thread_end(void) {
  if (self != NULL) self->cancel_state = PTHREAD_CANCEL_DISABLE;
  GOROUTINE->stop = NULL;
  while (cleanups != NULL) _pthread_cleanup_pop(cleanups, 1);
  end_objects();
  destroy_values();
  pthread_t me = self;
  if (me != NULL) {
    if (me->is_foreign || exchange(&me->state, ENDED) == DETACHED) free(me);
    else core_wake(&me->state, INT_MAX);
  }
  if (add(&alive, -1) == 1) exit(0);
}

void __skein_thread_begin(void) { add(&alive, 1); }

_Noreturn void pthread_exit(void *result) {
  if (self != NULL) self->result = result;
  __skein_thread_end();
  core_end();
}

static void run(void *given) {
  self = given;
  GOROUTINE->stop = &self->stop;
  pthread_exit(self->f(self->arg));
}

/* ---- beginning, joining ---- */

/* The least, and what is given unless somebody asks for more. */
enum { STACK = 65536 };

int pthread_attr_init(pthread_attr_t *attr) {
  memset(attr, 0, sizeof *attr);
  attr->__u.__s[0] = STACK; /* where libc's other functions on attributes have it */
  return 0;
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr, void *(*f)(void *), void *restrict arg) {
  size_t stack = STACK;
  int detached = PTHREAD_CREATE_JOINABLE;
  if (attr != NULL) {
    pthread_attr_getstacksize(attr, &stack);
    pthread_attr_getdetachstate(attr, &detached);
  }
  pthread_t it = malloc(sizeof *it);
  if (it == NULL) return EAGAIN;
  *it = (struct __pthread){.state = detached == PTHREAD_CREATE_DETACHED ? DETACHED : RUNNING, .f = f, .arg = arg};
  *thread = it;
  __skein_thread_begin();
  core_go(run, it, stack > STACK ? stack : 0);
  return 0;
}

int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *at) {
  if (thread == self) return EDEADLK;
  if (thread->is_foreign || load(&thread->state) == DETACHED) return EINVAL;
  pthread_testcancel();
  while (load(&thread->state) == RUNNING) {
    int64_t ns = until(at, false);
    if (ns == INVALID) return EINVAL;
    int woken = __skein_wait(&thread->state, RUNNING, ns, REASON_JOIN);
    pthread_testcancel();
    if (woken == WAIT_TIMED_OUT && load(&thread->state) == RUNNING) return ETIMEDOUT;
  }
  if (result != NULL) *result = thread->result;
  free(thread);
  return 0;
}

int pthread_join(pthread_t thread, void **result) { return pthread_timedjoin_np(thread, result, NULL); }

int pthread_tryjoin_np(pthread_t thread, void **result) {
  return load(&thread->state) == RUNNING ? EBUSY : pthread_join(thread, result);
}

int pthread_detach(pthread_t thread) {
  if (thread->is_foreign || swap(&thread->state, RUNNING, DETACHED)) return 0;
  if (load(&thread->state) == DETACHED) return EINVAL;
  free(thread);
  return 0;
}

enum { NEW, UNDER_WAY, DONE };

/* Whoever was to do it has been cancelled: the next one does it. */
static void undo(void *state) {
  store(state, NEW);
  core_wake(state, INT_MAX);
}

int pthread_once(pthread_once_t *once, void (*f)(void)) {
  word *state = once;
  while (load(state) != DONE) {
    if (swap(state, NEW, UNDER_WAY)) {
      pthread_cleanup_push(undo, once);
      f();
      pthread_cleanup_pop(0);
      store(state, DONE);
      core_wake(state, INT_MAX);
    } else {
      core_wait(state, UNDER_WAY, FOREVER, REASON_ONCE, NULL);
    }
  }
  return 0;
}

/* Called where a pointer that is null is used (host/c/build.ts). */
_Noreturn void __ubsan_handle_type_mismatch_minimal_abort(void) {
  static const char words[] = "SIGSEGV: null pointer dereference";
  core_die(words, sizeof words - 1);
}

/*
 * Guards of C++'s static variables in functions: one word, whose lowest byte says that it is done, as compiled code wants it. libc++abi's, built
 * for one thread, take no care of others.
 */
enum { GUARD_NEW, GUARD_DONE, GUARD_UNDER_WAY = 0x100 };

int __cxa_guard_acquire(word *guard) {
  for (;;) {
    int state = load(guard);
    if (state == GUARD_DONE) return 0;
    if (state == GUARD_NEW && swap(guard, GUARD_NEW, GUARD_UNDER_WAY)) return 1;
    if (state == GUARD_UNDER_WAY) core_wait(guard, GUARD_UNDER_WAY, FOREVER, REASON_ONCE, NULL);
  }
}

void __cxa_guard_release(word *guard) {
  store(guard, GUARD_DONE);
  core_wake(guard, INT_MAX);
}

void __cxa_guard_abort(word *guard) {
  store(guard, GUARD_NEW);
  core_wake(guard, INT_MAX);
}

/*
 * ---- cancellation ----
 *
 * A thread that is cancelled ends at its next cancellation point: pthread_join, pthread_cond_wait, sem_wait, sleep and their kin, read,
 * write and open, calls on sockets, poll, pthread_testcancel. Asynchronous cancellation is the same: there are no signals.
 *
 * pthread_cancel sets `is_cancelled`, then looks where the thread waits, and wakes that place. The thread says where it waits, and the
 * core parks it only if, with the lock of that place, it sees `is_cancelled` unset. Either the thread has said so before
 * pthread_cancel looks: then it is in the queue when that has the lock, or sees `is_cancelled` itself. Or it says so afterwards: then it
 * sees it. Others that wait at the same place wake for nothing, and wait again. A wait at a socket fails with EINTR, and the
 * call looks once more (CANCEL in core.h).
 */

int __skein_wait(volatile int *at, int expected, int64_t timeout, int reason) {
  pthread_t me = self;
  if (me == NULL || me->cancel_state != PTHREAD_CANCEL_ENABLE) return core_wait(at, expected, timeout, reason, NULL);
  __atomic_store_n(&me->waiting, at, __ATOMIC_SEQ_CST);
  int woken = core_wait(at, expected, timeout, reason, &me->stop.is_cancelled);
  __atomic_store_n(&me->waiting, NULL, __ATOMIC_SEQ_CST);
  return woken;
}

int pthread_cancel(pthread_t thread) {
  store(&thread->stop.is_cancelled, 1);
  word *at = __atomic_load_n(&thread->waiting, __ATOMIC_SEQ_CST);
  if (at != NULL) core_wake(at, INT_MAX);
  void *sleeper = __atomic_load_n(&thread->stop.sleeper, __ATOMIC_SEQ_CST);
  if (sleeper != NULL) core_wake_sleeper(sleeper);
  return 0;
}

void pthread_testcancel(void) {
  pthread_t me = self;
  if (me != NULL && me->cancel_state == PTHREAD_CANCEL_ENABLE && load(&me->stop.is_cancelled)) pthread_exit(PTHREAD_CANCELED);
}

int pthread_setcancelstate(int state, int *before) {
  if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) return EINVAL;
  pthread_t me = pthread_self();
  if (before != NULL) *before = me->cancel_state;
  me->cancel_state = state;
  GOROUTINE->stop = state == PTHREAD_CANCEL_ENABLE ? &me->stop : NULL;
  return 0;
}

int pthread_setcanceltype(int type, int *before) {
  if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS) return EINVAL;
  pthread_t me = pthread_self();
  if (before != NULL) *before = me->cancel_type;
  me->cancel_type = type;
  return 0;
}

/* Sleeps; libc's nanosleep, usleep and sleep come here. A goroutine that nobody can cancel sleeps in the core. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *given, struct timespec *left) {
  if (given->tv_nsec < 0 || given->tv_nsec >= 1000000000 || given->tv_sec < 0) return EINVAL;
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return EINVAL;
  if (given->tv_sec > 1000000000) given = &(struct timespec){1000000000, 0};
  int64_t ns = (int64_t)given->tv_sec * 1000000000 + given->tv_nsec;
  if (flags & TIMER_ABSTIME) ns = until(given, clock == CLOCK_MONOTONIC);
  pthread_testcancel();
  if (self == NULL || self->cancel_state != PTHREAD_CANCEL_ENABLE) {
    core_pause(ns);
    return 0;
  }
  word nothing = 0;
  int64_t end = core_clock() + ns;
  while (ns > 0 && __skein_wait(&nothing, 0, ns, REASON_SLEEP) != WAIT_TIMED_OUT) {
    pthread_testcancel();
    ns = end - core_clock();
  }
  return 0;
}

/* What thrd_sleep calls. */
int __clock_nanosleep(clockid_t clock, int flags, const struct timespec *given, struct timespec *left) {
  return clock_nanosleep(clock, flags, given, left);
}

int sched_yield(void) {
  core_yield();
  return 0;
}

/* ---- threads.h ---- */

struct c11_start {
  thrd_start_t f;
  void *arg;
};

static void *run_c11(void *given) {
  struct c11_start it = *(struct c11_start *)given;
  free(given);
  return (void *)it.f(it.arg);
}

int thrd_create(thrd_t *thread, thrd_start_t f, void *arg) {
  struct c11_start *it = malloc(sizeof *it);
  if (it == NULL) return thrd_nomem;
  *it = (struct c11_start){f, arg};
  if (pthread_create(thread, NULL, run_c11, it) == 0) return thrd_success;
  free(it);
  return thrd_error;
}

_Noreturn void thrd_exit(int result) { pthread_exit((void *)result); }
int thrd_detach(thrd_t thread) { return pthread_detach(thread) == 0 ? thrd_success : thrd_error; }
thrd_t thrd_current(void) { return pthread_self(); }
int(thrd_equal)(thrd_t a, thrd_t b) { return a == b; }
void thrd_yield(void) { core_yield(); }

int thrd_join(thrd_t thread, int *result) {
  void *given;
  if (pthread_join(thread, &given) != 0) return thrd_error;
  if (result != NULL) *result = (int)given;
  return thrd_success;
}

void call_once(once_flag *flag, void (*f)(void)) { pthread_once(flag, f); }

int tss_create(tss_t *key, tss_dtor_t destructor) {
  return pthread_key_create(key, destructor) == 0 ? thrd_success : thrd_error;
}
void tss_delete(tss_t key) { pthread_key_delete(key); }
void *tss_get(tss_t key) { return pthread_getspecific(key); }
int tss_set(tss_t key, void *value) { return pthread_setspecific(key, value) == 0 ? thrd_success : thrd_error; }
