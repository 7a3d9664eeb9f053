/* Threads are goroutines. wasi-libc's header leaves out what a single thread cannot do. */
#ifndef SKEIN_PTHREAD_H
#define SKEIN_PTHREAD_H
#include_next <pthread.h>
#ifdef __cplusplus
extern "C" {
#endif
_Noreturn void pthread_exit(void *);
/* At a cancellation point; asynchronous cancellation is the same. */
int pthread_cancel(pthread_t);
#ifdef __cplusplus
}
#endif
#endif
