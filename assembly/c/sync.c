/*
 * Mutexes, conditions, reader-writer locks, barriers, semaphores, of POSIX and of C11. Each is a few words, and waits in the core
 * (assembly/runtime/sync/futex.ts), so that who waits is a parked goroutine. After musl, whose headers give the sizes.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "locks.h"

static int me(void) { return (int)GOROUTINE; }

/* ---- mutexes ---- */

typedef struct {
  int type;
  word lock;
  word owner;
  int count;
} mutex;

_Static_assert(sizeof(mutex) <= sizeof(pthread_mutex_t) && sizeof(mutex) <= sizeof(mtx_t), "a mutex fits");

enum { TYPE = 3 };

int pthread_mutex_init(pthread_mutex_t *restrict given, const pthread_mutexattr_t *restrict attr) {
  memset(given, 0, sizeof *given);
  if (attr != NULL) ((mutex *)given)->type = attr->__attr & TYPE;
  return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *given) { return load(&((mutex *)given)->lock) == 0 ? 0 : EBUSY; }

/* Who holds a recursive mutex takes it again; who holds one that checks is told. -1 for everybody else. */
static int again(mutex *it) {
  if (it->type == PTHREAD_MUTEX_NORMAL || load(&it->owner) != me()) return -1;
  if (it->type == PTHREAD_MUTEX_ERRORCHECK) return EDEADLK;
  if (it->count == INT_MAX) return EAGAIN;
  it->count++;
  return 0;
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict given, const struct timespec *restrict at) {
  mutex *it = (mutex *)given;
  int held = again(it);
  if (held >= 0) return held;
  int error = acquire(&it->lock, at, REASON_MUTEX);
  if (error == 0) store(&it->owner, me());
  return error;
}

int pthread_mutex_lock(pthread_mutex_t *given) { return pthread_mutex_timedlock(given, NULL); }

int pthread_mutex_trylock(pthread_mutex_t *given) {
  mutex *it = (mutex *)given;
  int held = again(it);
  if (held >= 0) return held == EDEADLK ? EBUSY : held;
  if (!swap(&it->lock, 0, 1)) return EBUSY;
  store(&it->owner, me());
  return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *given) {
  mutex *it = (mutex *)given;
  if (it->type != PTHREAD_MUTEX_NORMAL) {
    if (load(&it->owner) != me()) return EPERM;
    if (it->count > 0) {
      it->count--;
      return 0;
    }
  }
  store(&it->owner, 0);
  release(&it->lock);
  return 0;
}

/* There are no robust ones: who ends with a mutex held takes it along. */
int pthread_mutex_consistent(pthread_mutex_t *given) { return EINVAL; }
int pthread_mutexattr_setrobust(pthread_mutexattr_t *attr, int robust) {
  return robust == PTHREAD_MUTEX_STALLED ? 0 : robust == PTHREAD_MUTEX_ROBUST ? ENOTSUP : EINVAL;
}

/* ---- conditions ---- */

typedef struct {
  /* Changes with every signal: who waits has seen it while it held the mutex, so no signal after that is missed. */
  word sequence;
  word waiting;
  int is_monotonic;
} condition;

_Static_assert(sizeof(condition) <= sizeof(pthread_cond_t) && sizeof(condition) <= sizeof(cnd_t), "a condition fits");

int pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock) {
  if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return EINVAL;
  attr->__attr = clock == CLOCK_MONOTONIC;
  return 0;
}

int pthread_cond_init(pthread_cond_t *restrict given, const pthread_condattr_t *restrict attr) {
  memset(given, 0, sizeof *given);
  if (attr != NULL) ((condition *)given)->is_monotonic = attr->__attr & 1;
  return 0;
}

/* Whoever leaves touches it last here: then its memory may be another's. */
static void leave(word *count) {
  if (add(count, -1) == 1) core_wake(count, INT_MAX);
}

/* Waits for those who are woken and have yet to leave. */
static void await_leaving(word *count, int reason) {
  for (int n; (n = load(count)) != 0;) core_wait(count, n, FOREVER, reason, NULL);
}

int pthread_cond_destroy(pthread_cond_t *given) {
  await_leaving(&((condition *)given)->waiting, REASON_COND);
  return 0;
}

static int notify(pthread_cond_t *given, int n) {
  condition *it = (condition *)given;
  if (load(&it->waiting) == 0) return 0;
  add(&it->sequence, 1);
  core_wake(&it->sequence, n);
  return 0;
}

/* Whoever is cancelled here may have been signalled too: then somebody else is to have that signal. */
static void pass_on(void *given) { notify(given, 1); }

int pthread_cond_timedwait(pthread_cond_t *restrict given, pthread_mutex_t *restrict lock, const struct timespec *restrict at) {
  condition *it = (condition *)given;
  mutex *held = (mutex *)lock;
  if (held->type != PTHREAD_MUTEX_NORMAL && load(&held->owner) != me()) return EPERM;
  int64_t ns = until(at, it->is_monotonic);
  if (ns == INVALID) return EINVAL;
  pthread_testcancel();
  add(&it->waiting, 1);
  int seen = load(&it->sequence);
  int count = held->count;
  held->count = 0;
  pthread_mutex_unlock(lock);
  int woken = __skein_wait(&it->sequence, seen, ns, REASON_COND);
  leave(&it->waiting);
  pthread_mutex_lock(lock);
  held->count = count;
  pthread_cleanup_push(pass_on, given);
  pthread_testcancel();
  pthread_cleanup_pop(0);
  return woken == WAIT_TIMED_OUT ? ETIMEDOUT : 0;
}

int pthread_cond_wait(pthread_cond_t *restrict given, pthread_mutex_t *restrict lock) {
  return pthread_cond_timedwait(given, lock, NULL);
}

int pthread_cond_signal(pthread_cond_t *given) { return notify(given, 1); }
int pthread_cond_broadcast(pthread_cond_t *given) { return notify(given, INT_MAX); }

/* ---- reader-writer locks ---- */

typedef struct {
  /* How many read; WRITTEN while somebody writes. */
  word state;
  word waiting;
} rwlock;

enum { WRITTEN = -1 };

_Static_assert(sizeof(rwlock) <= sizeof(pthread_rwlock_t), "a reader-writer lock fits");

int pthread_rwlock_init(pthread_rwlock_t *restrict given, const pthread_rwlockattr_t *restrict attr) {
  memset(given, 0, sizeof *given);
  return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *given) { return 0; }

static int enter(rwlock *it, bool writes) {
  for (;;) {
    int seen = load(&it->state);
    if (writes ? seen != 0 : seen == WRITTEN) return EBUSY;
    if (!writes && seen == INT_MAX) return EAGAIN;
    if (swap(&it->state, seen, writes ? WRITTEN : seen + 1)) return 0;
  }
}

static int enter_until(rwlock *it, bool writes, const struct timespec *at) {
  int error;
  while ((error = enter(it, writes)) == EBUSY) {
    int64_t ns = until(at, false);
    if (ns == INVALID) return EINVAL;
    add(&it->waiting, 1);
    int seen = load(&it->state);
    int woken = WAIT_CHANGED;
    if (writes ? seen != 0 : seen == WRITTEN) woken = core_wait(&it->state, seen, ns, REASON_RWLOCK, NULL);
    add(&it->waiting, -1);
    if (woken == WAIT_TIMED_OUT) return ETIMEDOUT;
  }
  return error;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *given) { return enter_until((rwlock *)given, false, NULL); }
int pthread_rwlock_wrlock(pthread_rwlock_t *given) { return enter_until((rwlock *)given, true, NULL); }
int pthread_rwlock_tryrdlock(pthread_rwlock_t *given) { return enter((rwlock *)given, false); }
int pthread_rwlock_trywrlock(pthread_rwlock_t *given) { return enter((rwlock *)given, true); }
int pthread_rwlock_timedrdlock(pthread_rwlock_t *restrict given, const struct timespec *restrict at) {
  return enter_until((rwlock *)given, false, at);
}
int pthread_rwlock_timedwrlock(pthread_rwlock_t *restrict given, const struct timespec *restrict at) {
  return enter_until((rwlock *)given, true, at);
}

int pthread_rwlock_unlock(pthread_rwlock_t *given) {
  rwlock *it = (rwlock *)given;
  if (load(&it->state) == WRITTEN) store(&it->state, 0);
  else add(&it->state, -1);
  if (load(&it->waiting) != 0) core_wake(&it->state, INT_MAX);
  return 0;
}

/* ---- barriers ---- */

typedef struct {
  int limit;
  word arrived;
  word round;
  /* How many are in a wait. */
  word inside;
} barrier;

_Static_assert(sizeof(barrier) <= sizeof(pthread_barrier_t), "a barrier fits");

int pthread_barrier_init(pthread_barrier_t *restrict given, const pthread_barrierattr_t *restrict attr, unsigned limit) {
  if (limit == 0 || limit > INT_MAX) return EINVAL;
  memset(given, 0, sizeof *given);
  ((barrier *)given)->limit = (int)limit;
  return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *given) {
  await_leaving(&((barrier *)given)->inside, REASON_BARRIER);
  return 0;
}

int pthread_barrier_wait(pthread_barrier_t *given) {
  barrier *it = (barrier *)given;
  add(&it->inside, 1);
  int round = load(&it->round);
  bool is_last = add(&it->arrived, 1) + 1 == it->limit;
  if (is_last) {
    store(&it->arrived, 0);
    add(&it->round, 1);
    core_wake(&it->round, INT_MAX);
  } else {
    while (load(&it->round) == round) core_wait(&it->round, round, FOREVER, REASON_BARRIER, NULL);
  }
  leave(&it->inside);
  return is_last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

/* ---- spin locks: whoever would spin lets others run ---- */

int pthread_spin_init(pthread_spinlock_t *lock, int shared) { return *lock = 0; }
int pthread_spin_destroy(pthread_spinlock_t *lock) { return 0; }
int pthread_spin_trylock(pthread_spinlock_t *lock) { return swap(lock, 0, 1) ? 0 : EBUSY; }
int pthread_spin_lock(pthread_spinlock_t *lock) {
  while (!swap(lock, 0, 1)) core_yield();
  return 0;
}
int pthread_spin_unlock(pthread_spinlock_t *lock) {
  store(lock, 0);
  return 0;
}

/* ---- semaphores ---- */

typedef struct {
  word value;
  word waiting;
} semaphore;

static int failed(int error) {
  errno = error;
  return -1;
}

int sem_init(sem_t *given, int shared, unsigned value) {
  if (value > INT_MAX) return failed(EINVAL);
  *(semaphore *)given = (semaphore){(int)value, 0};
  return 0;
}

int sem_destroy(sem_t *given) { return 0; }

int sem_trywait(sem_t *given) {
  semaphore *it = (semaphore *)given;
  for (;;) {
    int seen = load(&it->value);
    if (seen == 0) return failed(EAGAIN);
    if (swap(&it->value, seen, seen - 1)) return 0;
  }
}

int sem_timedwait(sem_t *restrict given, const struct timespec *restrict at) {
  semaphore *it = (semaphore *)given;
  pthread_testcancel();
  while (sem_trywait(given) != 0) {
    int64_t ns = until(at, false);
    if (ns == INVALID) return failed(EINVAL);
    add(&it->waiting, 1);
    int woken = __skein_wait(&it->value, 0, ns, REASON_SEM);
    add(&it->waiting, -1);
    pthread_testcancel();
    if (woken == WAIT_TIMED_OUT) return failed(ETIMEDOUT);
  }
  return 0;
}

int sem_wait(sem_t *given) { return sem_timedwait(given, NULL); }

int sem_post(sem_t *given) {
  semaphore *it = (semaphore *)given;
  for (;;) {
    int seen = load(&it->value);
    if (seen == INT_MAX) return failed(EOVERFLOW);
    if (swap(&it->value, seen, seen + 1)) break;
  }
  if (load(&it->waiting) != 0) core_wake(&it->value, 1);
  return 0;
}

int sem_getvalue(sem_t *restrict given, int *restrict value) {
  *value = load(&((semaphore *)given)->value);
  return 0;
}

/* ---- threads.h ---- */

static int result(int error) {
  if (error == 0) return thrd_success;
  return error == EBUSY ? thrd_busy : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

int mtx_init(mtx_t *given, int type) {
  memset(given, 0, sizeof *given);
  if (type & mtx_recursive) ((mutex *)given)->type = PTHREAD_MUTEX_RECURSIVE;
  return thrd_success;
}
void mtx_destroy(mtx_t *given) {}
int mtx_lock(mtx_t *given) { return result(pthread_mutex_lock((pthread_mutex_t *)given)); }
int mtx_trylock(mtx_t *given) { return result(pthread_mutex_trylock((pthread_mutex_t *)given)); }
int mtx_unlock(mtx_t *given) { return result(pthread_mutex_unlock((pthread_mutex_t *)given)); }
int mtx_timedlock(mtx_t *restrict given, const struct timespec *restrict at) {
  return result(pthread_mutex_timedlock((pthread_mutex_t *)given, at));
}

int cnd_init(cnd_t *given) { return result(pthread_cond_init((pthread_cond_t *)given, NULL)); }
void cnd_destroy(cnd_t *given) { pthread_cond_destroy((pthread_cond_t *)given); }
int cnd_signal(cnd_t *given) { return result(pthread_cond_signal((pthread_cond_t *)given)); }
int cnd_broadcast(cnd_t *given) { return result(pthread_cond_broadcast((pthread_cond_t *)given)); }
int cnd_wait(cnd_t *given, mtx_t *lock) {
  return result(pthread_cond_wait((pthread_cond_t *)given, (pthread_mutex_t *)lock));
}
int cnd_timedwait(cnd_t *restrict given, mtx_t *restrict lock, const struct timespec *restrict at) {
  return result(pthread_cond_timedwait((pthread_cond_t *)given, (pthread_mutex_t *)lock, at));
}
