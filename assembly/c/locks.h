/* A lock on one word, as musl's: 0 free, 1 held, 2 held and somebody may wait. */
#ifndef SKEIN_LOCKS_H
#define SKEIN_LOCKS_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <time.h>

#include "core.h"

typedef volatile int word;

static inline int load(word *w) { return __atomic_load_n(w, __ATOMIC_SEQ_CST); }
static inline void store(word *w, int value) { __atomic_store_n(w, value, __ATOMIC_SEQ_CST); }
static inline int exchange(word *w, int value) { return __atomic_exchange_n(w, value, __ATOMIC_SEQ_CST); }
static inline int add(word *w, int n) { return __atomic_fetch_add(w, n, __ATOMIC_SEQ_CST); }
static inline bool swap(word *w, int expected, int value) {
  return __atomic_compare_exchange_n(w, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Nanoseconds from now until a time on a clock, 0 if it is past; FOREVER for no time, INVALID for one that is none. */
enum { FOREVER = -1, INVALID = -2 };

static inline int64_t until(const struct timespec *at, bool is_monotonic) {
  if (at == NULL) return FOREVER;
  if (at->tv_nsec < 0 || at->tv_nsec >= 1000000000) return INVALID;
  struct timespec now;
  clock_gettime(is_monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, &now);
  int64_t seconds = (int64_t)at->tv_sec - now.tv_sec;
  if (seconds > 1000000000) return FOREVER;
  int64_t ns = seconds * 1000000000 + (at->tv_nsec - now.tv_nsec);
  return ns > 0 ? ns : 0;
}

/* Takes the lock; 0 or ETIMEDOUT. */
static inline int acquire(word *w, const struct timespec *at, int reason) {
  if (swap(w, 0, 1)) return 0;
  while (exchange(w, 2) != 0) {
    int64_t ns = until(at, false);
    if (ns == INVALID) return EINVAL;
    if (core_wait(w, 2, ns, reason, NULL) == WAIT_TIMED_OUT) return ETIMEDOUT;
  }
  return 0;
}

static inline void release(word *w) {
  if (exchange(w, 0) == 2) core_wake(w, 1);
}

#endif
