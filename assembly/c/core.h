/* What the core gives to C, of which libc is made here. Each is a function in assembly/std/skein/c.ts, or a wrapper of one. */
#ifndef SKEIN_CORE_H
#define SKEIN_CORE_H

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define CORE(name) __attribute__((import_module("skein"), import_name(#name)))

CORE(go) int64_t core_go(void (*f)(void *), void *arg, size_t stack);
CORE(end) _Noreturn void core_end(void);
CORE(die) _Noreturn void core_die(const char *words, int length);
CORE(yieldNow) void core_yield(void);
CORE(number) int64_t core_number(void);
CORE(procs) int core_procs(int n);
CORE(pause) void core_pause(int64_t ns);
CORE(clock) int64_t core_clock(void);

/* What each goroutine has below its thread-local variables (assembly/runtime/goroutine/cstack.ts); its address stands for the goroutine. */
typedef struct {
  int error;
  /* Ends a wait at a socket; null for nothing. */
  struct stop *stop;
  int unused[2];
} goroutine;

/* Set by pthread_cancel; where the thread waits meanwhile (assembly/runtime/net/watch.ts). */
struct stop {
  volatile int is_cancelled;
  void *volatile sleeper;
};

#define GOROUTINE ((goroutine *)__builtin_wasm_tls_base() - 1)

/* A futex: waits while *word is expected and *stop, unless that is null, is 0; timeout ns at most unless that is negative. */
CORE(wait) int core_wait(volatile int *word, int expected, int64_t timeout, int reason, volatile int *stop);
CORE(wake) int core_wake(volatile int *word, int n);
CORE(wakeSleeper) void core_wake_sleeper(void *sleeper);
enum { WAIT_WOKEN, WAIT_CHANGED, WAIT_TIMED_OUT };

/* WaitReason, for reports of deadlocks. */
enum {
  REASON_SLEEP = 11,
  REASON_MUTEX = 18,
  REASON_COND,
  REASON_RWLOCK,
  REASON_JOIN,
  REASON_BARRIER,
  REASON_ONCE,
  REASON_SEM,
  REASON_STDIO,
};

CORE(c_malloc) void *core_malloc(size_t size);
CORE(c_calloc) void *core_calloc(size_t count, size_t size);
CORE(c_realloc) void *core_realloc(void *block, size_t size);
CORE(c_free) void core_free(void *block);
CORE(c_size) size_t core_size(void *block);
CORE(c_aligned) void *core_aligned(size_t alignment, size_t size);

/* A goroutine of C begins, and ends: its cleanup handlers and the destructors of its keys are called (threads.c). */
void __skein_thread_begin(void);
void __skein_thread_end(void);
/* core_wait at a cancellation point: pthread_cancel wakes whoever waits; the caller is to look (threads.c). */
int __skein_wait(volatile int *word, int expected, int64_t timeout, int reason);

/* Wraps a function at which a thread may be cancelled: before, and while it waits, which then fails with EINTR. */
#define CANCEL(result, f, parameters, arguments)       \
  __attribute__((used)) result __wrap_##f parameters { \
    pthread_testcancel();                              \
    result value = (f)arguments;                       \
    if (value < 0 && errno == EINTR) pthread_testcancel(); \
    return value;                                      \
  }

#endif
