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

CORE(goEnding) int64_t core_go_ending(void (*f)(void *), void *arg);

int64_t skein_go(void (*f)(void *), void *arg) {
  __skein_thread_begin();
  return core_go_ending(f, arg);
}
