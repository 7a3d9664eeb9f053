/* C that AssemblyScript calls (mixed.ts), and the host. */
#include "codec.h"

#include <skein.h>

uint32_t crc32(uint32_t seed, const uint8_t *bytes, size_t n) {
  uint32_t crc = ~seed;
  for (size_t i = 0; i < n; i++) {
    crc ^= bytes[i];
    for (int k = 0; k < 8; k++) crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
  }
  return ~crc;
}

static const uint8_t *held;

/* Keeps bytes beyond the call. */
void keep(const uint8_t *bytes) {
  skein_hold(bytes);
  skein_hold(&held); /* no object */
  held = bytes;
}

int let_go(void) {
  int first = held[0];
  skein_release(held);
  return first;
}

__attribute__((export_name("fibonacci"))) int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static _Thread_local int naps;
static int begun;

__attribute__((constructor)) static void begin(void) { begun = 1; }

/* Parks inside C, whose stack must be the same afterwards. */
int nap(int64_t ns) {
  volatile char room[1000];
  room[0] = 7;
  skein_sleep(ns);
  return room[0] == 7 && begun ? ++naps : -1000;
}
