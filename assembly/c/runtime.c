/*
 * The beginning and the end of a C program, its heap, and what skein.h declares.
 *
 * libc is wasi-libc, built for one thread. What must not be shared is replaced at the link: malloc and
 * its kin here, locks around the rest in wrappers.c, threads in threads.c. Accesses to errno are turned into those to the goroutine's own
 * (host/compiler/c/object.ts).
 */
#include <errno.h>
#include <skein.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

int *__errno_location(void) { return &GOROUTINE->error; }

extern void __wasm_call_ctors(void);

void skein_c_start(void) { __wasm_call_ctors(); }

_Noreturn void abort(void) {
  static const char words[] = "SIGABRT: abort";
  core_die(words, sizeof words - 1);
}

/* ---- the heap ---- */

static void *checked(void *block) {
  if (block == NULL) errno = ENOMEM;
  return block;
}

void *malloc(size_t size) { return checked(core_malloc(size)); }
void *calloc(size_t count, size_t size) { return checked(core_calloc(count, size)); }
void *realloc(void *block, size_t size) { return checked(core_realloc(block, size)); }
void free(void *block) { core_free(block); }
size_t malloc_usable_size(void *block) { return core_size(block); }

/* What libc itself calls. */
void *__libc_malloc(size_t size) { return malloc(size); }
void *__libc_calloc(size_t count, size_t size) { return calloc(count, size); }
void __libc_free(void *block) { free(block); }

static int is_power_of_two(size_t n) { return n != 0 && (n & (n - 1)) == 0; }

void *aligned_alloc(size_t alignment, size_t size) {
  if (!is_power_of_two(alignment)) {
    errno = EINVAL;
    return NULL;
  }
  return checked(core_aligned(alignment, size));
}

void *memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

int posix_memalign(void **to, size_t alignment, size_t size) {
  if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0) return EINVAL;
  void *block = core_aligned(alignment, size);
  if (block == NULL) return ENOMEM;
  *to = block;
  return 0;
}

/* ---- skein.h ---- */

typedef struct {
  void (*f)(void *);
  void *arg;
} start;

static void run(void *given) {
  start it = *(start *)given;
  free(given);
  it.f(it.arg);
  __skein_thread_end();
}

int64_t skein_go(void (*f)(void *), void *arg) {
  start *it = malloc(sizeof *it);
  if (it == NULL) core_die("runtime error: out of memory", 28);
  *it = (start){f, arg};
  __skein_thread_begin();
  return core_go(run, it, 0);
}

void skein_gosched(void) { core_yield(); }
int64_t skein_goid(void) { return core_number(); }
int skein_gomaxprocs(int n) { return core_procs(n); }
void skein_sleep(int64_t ns) { core_pause(ns); }
int64_t skein_now(void) { return core_clock(); }

CORE(hold) void core_hold(const void *object);
CORE(release) void core_release(const void *object);

void skein_hold(const void *object) { core_hold(object); }
void skein_release(const void *object) { core_release(object); }

CORE(chanNew) skein_chan *core_chan_new(size_t elem_size, int capacity);
CORE(chanFree) void core_chan_free(skein_chan *chan);
CORE(send) void core_send(skein_chan *chan, const void *elem);
CORE(recv) int core_recv(skein_chan *chan, void *elem);
CORE(trySend) int core_try_send(skein_chan *chan, const void *elem);
CORE(tryRecv) int core_try_recv(skein_chan *chan, void *elem);
CORE(chanClose) void core_close(skein_chan *chan);
CORE(select) int core_select(skein_case *cases, int n, int flags);

skein_chan *skein_chan_new(size_t elem_size, int capacity) { return core_chan_new(elem_size, capacity); }
void skein_chan_free(skein_chan *chan) { core_chan_free(chan); }
void skein_send(skein_chan *chan, const void *elem) { core_send(chan, elem); }
int skein_recv(skein_chan *chan, void *elem) { return core_recv(chan, elem); }
int skein_try_send(skein_chan *chan, const void *elem) { return core_try_send(chan, elem); }
int skein_try_recv(skein_chan *chan, void *elem) { return core_try_recv(chan, elem); }
void skein_close(skein_chan *chan) { core_close(chan); }
int skein_select(skein_case *cases, int n, int flags) { return core_select(cases, n, flags); }
