/*
 * Times the programs beside it as harness.ts times the others: the work untimed until a third of a second has passed, then each
 * repetition, with a RESULT line for each. The same source is compiled for Skein and by the compiler on PATH.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The program's argument i as a number. */
static long arg(int argc, char **argv, int i, long fallback) { return argc > i ? atol(argv[i]) : fallback; }

static void result(const char *unit, double value) {
  printf("RESULT %s %f\n", unit, value);
  fflush(stdout);
}

/* Ends a program whose answer is wrong: a fast wrong answer must not become a figure. */
static void check(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "wrong result: %s\n", what);
  exit(1);
}

/* Reports what `body` takes, in units of `ns` nanoseconds. */
static inline void repeat(long repetitions, const char *unit, double ns, void (*body)(void)) {
  for (int64_t start = now(); now() - start < 300000000;) body();
  for (long i = 0; i < repetitions; i++) {
    int64_t start = now();
    body();
    result(unit, (now() - start) / ns);
  }
}

#endif
