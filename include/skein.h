/**
 * Goroutines, channels and time for C programs that run on Skein. See docs/c.md.
 *
 * A goroutine costs what it needs: a C stack of 64 KiB of which only the pages in use take memory, and some hundred bytes. What blocks
 * here parks the goroutine, never its thread.
 */
#ifndef SKEIN_H
#define SKEIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the core itself provides: a call of it is a call into the core, with no frame of C's between that a switch would have to save. */
#define SKEIN_CORE(name) __attribute__((import_module("skein"), import_name(#name)))

/** Runs f(arg) as a new goroutine; returns its number. The goroutine ends when f returns. */
int64_t skein_go(void (*f)(void *), void *arg);
/** Lets others run. */
SKEIN_CORE(yieldNow) void skein_gosched(void);
/** The number of this goroutine; main's is 1. */
SKEIN_CORE(number) int64_t skein_goid(void);
/** Sets how many goroutines run at once, and returns how many did; n < 1 only asks. */
SKEIN_CORE(procs) int skein_gomaxprocs(int n);
/** Pauses this goroutine for ns nanoseconds at least. */
SKEIN_CORE(pause) void skein_sleep(int64_t ns);
/** Nanoseconds on a clock that never goes back. */
SKEIN_CORE(clock) int64_t skein_now(void);

/** Keeps the AssemblyScript object that a pointer leads into, which C was given, beyond the call; until as many calls of skein_release. */
SKEIN_CORE(hold) void skein_hold(const void *object);
SKEIN_CORE(release) void skein_release(const void *object);

/** A channel of values of elem_size bytes each. It is not collected: skein_chan_free, once nobody uses it any more. */
typedef struct skein_chan skein_chan;

/** With capacity 0 each send waits for its receive. */
SKEIN_CORE(chanNew) skein_chan *skein_chan_new(size_t elem_size, int capacity);
SKEIN_CORE(chanFree) void skein_chan_free(skein_chan *chan);
/** Sends *elem; waits until it is received or there is room. Panics on a closed channel. */
SKEIN_CORE(send) void skein_send(skein_chan *chan, const void *elem);
/** Receives into *elem, which may be null: 1; or 0, and zeros, once the channel is closed and drained. */
SKEIN_CORE(recv) int skein_recv(skein_chan *chan, void *elem);
/** 1 done, -1 not ready. Panics on a closed channel. */
SKEIN_CORE(trySend) int skein_try_send(skein_chan *chan, const void *elem);
/** 1 done, 0 closed and drained, -1 not ready. */
SKEIN_CORE(tryRecv) int skein_try_recv(skein_chan *chan, void *elem);
/** Nothing more will be sent. */
SKEIN_CORE(chanClose) void skein_close(skein_chan *chan);

enum { SKEIN_SEND = 0, SKEIN_RECV = 1 };
enum { SKEIN_NONBLOCK = 1 };

typedef struct skein_case {
  int op;           /* SKEIN_SEND or SKEIN_RECV */
  skein_chan *chan; /* null: never ready */
  void *elem;       /* what is sent, or where it goes */
  int ok;           /* out, for the case that was done: 1; 0 if it received nothing, the channel being closed */
} skein_case;

/** Waits until one of n cases can be done, does it, and returns its index; with SKEIN_NONBLOCK -1 if none can be at once. */
SKEIN_CORE(select) int skein_select(skein_case *cases, int n, int flags);

#undef SKEIN_CORE

#ifdef __cplusplus
}
#endif

#endif
