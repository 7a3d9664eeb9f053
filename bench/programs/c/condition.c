/* Ping-pong: two threads take turns under one mutex, each waiting for its turn on a condition; time for each round trip. */
#include <pthread.h>
#include "harness.h"

static long n;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned[2] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
static int turn;

static void *play(void *given) {
  int me = (int)(intptr_t)given;
  pthread_mutex_lock(&mutex);
  for (long i = 0; i < n; i++) {
    while (turn != me) pthread_cond_wait(&turned[me], &mutex);
    turn = !me;
    pthread_cond_signal(&turned[turn]);
  }
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static void work(void) {
  pthread_t threads[2];
  turn = 0;
  for (intptr_t i = 0; i < 2; i++) pthread_create(&threads[i], NULL, play, (void *)i);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  check(turn == 0, "not every turn was taken");
}

int main(int argc, char **argv) {
  n = arg(argc, argv, 1, 100000);
  repeat(arg(argc, argv, 2, 5), "ns/op", n, work);
  return 0;
}
