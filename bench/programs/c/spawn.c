/* Spawn: threads that count, created a hundred at a time and joined; time for each. */
#include <pthread.h>
#include "harness.h"

enum { TOGETHER = 100 };

static long n;
static _Atomic long ran;

static void *count(void *arg) {
  ran++;
  return NULL;
}

static void work(void) {
  pthread_t threads[TOGETHER];
  ran = 0;
  for (long i = 0; i < n; i += TOGETHER) {
    for (int j = 0; j < TOGETHER; j++) check(pthread_create(&threads[j], NULL, count, NULL) == 0, "no thread");
    for (int j = 0; j < TOGETHER; j++) pthread_join(threads[j], NULL);
  }
  check(ran == n, "not all ran");
}

int main(int argc, char **argv) {
  n = arg(argc, argv, 1, 100000);
  repeat(arg(argc, argv, 2, 5), "ns/op", n, work);
  return 0;
}
