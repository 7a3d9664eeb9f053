/* What a C programmer gets wrong, by number, and channels, which go right. */
#include <assert.h>
#include <pthread.h>
#include <skein.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int zero;

static int deep(int n) {
  volatile char room[100];
  room[n % 100] = 1;
  return n == 0 ? 0 : deep(n - 1) + room[n % 100];
}

static skein_chan *numbers, *records, *done;

typedef struct {
  int number;
  char text[60];
} record;

static void produce(void *arg) {
  for (int i = 0; i < 10000; i++) skein_send(numbers, &i);
  skein_close(numbers);
  for (int i = 0; i < 100; i++) {
    record it = {i, "a record"};
    skein_send(records, &it);
  }
  skein_close(records);
}

static void compute(void *arg) {
  for (volatile long i = 0; i < 300000000; i++);
}

static int channels(void) {
  numbers = skein_chan_new(sizeof(int), 4);
  records = skein_chan_new(sizeof(record), 0);
  done = skein_chan_new(1, 0);
  skein_go(produce, NULL);
  long long sum = 0;
  int n, ends = 0, count = 0;
  record it;
  skein_case cases[] = {{SKEIN_RECV, numbers, &n}, {SKEIN_RECV, records, &it}, {SKEIN_RECV, done, NULL}};
  while (ends < 2) {
    int chosen = skein_select(cases, 3, 0);
    if (!cases[chosen].ok) ends++, cases[chosen].chan = NULL;
    else if (chosen == 0) sum += n;
    else count += it.number == count && it.text[7] == 'd';
  }
  assert(sum == 49995000 && count == 100);
  assert(skein_select(cases, 3, SKEIN_NONBLOCK) == -1);
  assert(skein_try_recv(numbers, &n) == 0 && skein_try_recv(done, NULL) == -1 && skein_try_send(done, "x") == -1);
  skein_chan_free(records);
  skein_gomaxprocs(1);
  skein_go(compute, NULL);
  for (int i = 0; i < 3; i++) skein_sleep(1000000); /* main runs again though the other never waits */
  printf("goroutine %lld of %d\n", (long long)skein_goid(), skein_gomaxprocs(0));
  return 0;
}

static record *volatile nothing;
static int *volatile no_number;

/* More than a stack usually has. */
static _Thread_local char large[70000];

static void *ends_it(void *arg) {
  for (int i = 0; i < sizeof large; i++) assert(large[i]++ == 0);
  fputs("the thread ends it\n", stderr);
  exit(5);
}

static pthread_mutex_t crossed[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_barrier_t both;

static void *crosswise(void *own) {
  pthread_mutex_lock(own);
  pthread_barrier_wait(&both);
  pthread_mutex_lock(own == crossed ? crossed + 1 : crossed);
  return NULL;
}

static void *stranger(void *arg) { return (void *)pthread_mutex_unlock(&crossed[0]); }

/* Each in a function of its own: clang makes one of the ways in which a function may fail so. */
__attribute__((noinline)) static int number(void) { return *no_number; }
__attribute__((noinline)) static int letter(void) { return nothing->text[3]; }

static int inner(int which) {
  switch (which) {
    case 0: return channels();
    case 1: abort();
    case 2: return deep(1000000);
    case 3: return 5 / zero;
    case 4: exit(300 + 9);
    case 5: assert(zero == 1);
    case 6: {
      char *volatile block = malloc(100);
      free(block + 4);
      break;
    }
    case 7: {
      pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
      pthread_mutex_lock(&mutex);
      return pthread_mutex_lock(&mutex);
    }
    case 8: skein_send(skein_chan_new(4, 0), &which);
    case 9: return number();
    case 10: return letter();
    case 11: {
      char *volatile block = malloc(100), *volatile other = malloc(100);
      free(block);
      free(other);
      free(block);
      break;
    }
    case 12: {
      pthread_t thread;
      pthread_create(&thread, NULL, ends_it, NULL);
      pthread_join(thread, NULL);
      break;
    }
    case 13: {
      pthread_t threads[2];
      pthread_barrier_init(&both, NULL, 2);
      for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, crosswise, &crossed[i]);
      pthread_join(threads[0], NULL);
      break;
    }
    case 14: {
      pthread_t thread;
      pthread_mutexattr_t checks;
      pthread_mutexattr_init(&checks);
      pthread_mutexattr_settype(&checks, PTHREAD_MUTEX_ERRORCHECK);
      pthread_mutex_init(&crossed[0], &checks);
      pthread_mutex_lock(&crossed[0]);
      void *error;
      pthread_create(&thread, NULL, stranger, NULL);
      pthread_join(thread, &error);
      fprintf(stderr, "%s\n", strerror((int)error));
      break;
    }
    case 15: {
      /* Threads that wait as the program ends: for a mutex, a barrier, a channel. */
      pthread_t threads[2];
      pthread_mutex_lock(&crossed[1]);
      pthread_barrier_init(&both, NULL, 2);
      for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, crosswise, &crossed[1 - i]);
      skein_go(produce, numbers = skein_chan_new(sizeof(int), 0));
      skein_sleep(2000000);
    }
  }
  return 0;
}

int main(int argc, char **argv) { return inner(atoi(argv[1])); }
