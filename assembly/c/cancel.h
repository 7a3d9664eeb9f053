/* Wrappers of functions at which a thread may be cancelled: before, and while it waits, which then fails with EINTR. */
#ifndef SKEIN_CANCEL_H
#define SKEIN_CANCEL_H

#include <errno.h>
#include <pthread.h>

/* CANCEL(result, f, parameters, arguments) */
#define CANCEL(result, f, parameters, arguments)       \
  __attribute__((used)) result __wrap_##f parameters { \
    pthread_testcancel();                              \
    result value = (f)arguments;                       \
    if (value < 0 && errno == EINTR) pthread_testcancel(); \
    return value;                                      \
  }

#endif
