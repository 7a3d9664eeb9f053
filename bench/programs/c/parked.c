/* Parked: threads that wait on one condition; the memory that the process has for each. Of Linux; Skein is given /proc. */
#include <pthread.h>
#include <string.h>
#include "harness.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t waiting = PTHREAD_COND_INITIALIZER, released = PTHREAD_COND_INITIALIZER;
static long waiters;
static int go_on;

static long resident(void) {
  FILE *status = fopen("/proc/self/status", "r");
  char line[200];
  long kilobytes = -1;
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "VmRSS:", 6) == 0) kilobytes = atol(line + 6);
  }
  check(kilobytes > 0, "there is no VmRSS");
  fclose(status);
  return kilobytes * 1024;
}

static void *park(void *arg) {
  pthread_mutex_lock(&mutex);
  waiters++;
  pthread_cond_signal(&waiting);
  while (!go_on) pthread_cond_wait(&released, &mutex);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

int main(int argc, char **argv) {
  long n = arg(argc, argv, 1, 10000);
  pthread_t *threads = malloc(n * sizeof *threads);
  long before = resident();
  for (long i = 0; i < n; i++) check(pthread_create(&threads[i], NULL, park, NULL) == 0, "no thread");
  pthread_mutex_lock(&mutex);
  while (waiters < n) pthread_cond_wait(&waiting, &mutex);
  pthread_mutex_unlock(&mutex);
  result("B/thread", (double)(resident() - before) / n);
  pthread_mutex_lock(&mutex);
  go_on = 1;
  pthread_cond_broadcast(&released);
  pthread_mutex_unlock(&mutex);
  for (long i = 0; i < n; i++) pthread_join(threads[i], NULL);
  return 0;
}
