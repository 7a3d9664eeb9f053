/*
 * Compresses text in blocks of 128 KiB, each by one thread of eight: LZ77 with a table of where three bytes were last, written as
 * lengths and distances. Each block is expanded again once, to see that it is right.
 */
#include <pthread.h>
#include <string.h>
#include "harness.h"

enum { BLOCK = 131072, THREADS = 8, LEAST = 4, MOST = 255, HASH_BITS = 14 };

static int blocks;
static uint8_t *text;
static _Atomic int next;
static _Atomic long total;

static uint32_t word(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}

/* A literal is its length - 1 below 0x80 and its bytes; a match 0x80, its length, and two bytes of distance. */
static long compress(const uint8_t *from, uint8_t *to) {
  static _Thread_local int last[1 << HASH_BITS];
  memset(last, -1, sizeof last);
  uint8_t *out = to;
  int start = 0, at = 0;
  while (at < BLOCK) {
    int length = 0, before = -1;
    if (at + LEAST <= BLOCK) {
      int *slot = &last[word(from + at) * 2654435761u >> (32 - HASH_BITS)];
      before = *slot;
      *slot = at;
      if (before >= 0 && at - before < 65536) {
        while (length < MOST && at + length < BLOCK && from[before + length] == from[at + length]) length++;
      }
    }
    int is_match = length >= LEAST;
    if (start < at && (is_match || at - start == 128)) {
      *out++ = (uint8_t)(at - start - 1);
      memcpy(out, from + start, at - start);
      out += at - start;
      start = at;
    }
    if (is_match) {
      *out++ = 0x80;
      *out++ = (uint8_t)length;
      *out++ = (uint8_t)(at - before);
      *out++ = (uint8_t)((at - before) >> 8);
      start = at += length;
    } else {
      at++;
    }
  }
  while (start < BLOCK) {
    int length = BLOCK - start < 128 ? BLOCK - start : 128;
    *out++ = (uint8_t)(length - 1);
    memcpy(out, from + start, length);
    out += length;
    start += length;
  }
  return out - to;
}

static void expand(const uint8_t *from, long size, uint8_t *to) {
  for (const uint8_t *end = from + size; from < end;) {
    if (*from < 0x80) {
      memcpy(to, from + 1, *from + 1);
      to += *from + 1;
      from += *from + 2;
    } else {
      for (int i = 0; i < from[1]; i++, to++) *to = to[-(from[2] | from[3] << 8)];
      from += 4;
    }
  }
}

static void *compress_all(void *arg) {
  uint8_t *to = malloc(2 * BLOCK);
  for (int i; (i = next++) < blocks;) total += compress(text + (long)i * BLOCK, to);
  free(to);
  return NULL;
}

static void work(void) {
  pthread_t threads[THREADS];
  next = 0;
  total = 0;
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, compress_all, NULL);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  check(total > 0 && total < (long)blocks * BLOCK, "nothing was compressed");
}

int main(int argc, char **argv) {
  blocks = arg(argc, argv, 1, 256);
  text = malloc((long)blocks * BLOCK);
  uint32_t seed = 1;
  for (long i = 0; i < (long)blocks * BLOCK; i++) {
    if (i % 7 == 0) seed = seed * 1664525 + 1013904223;
    text[i] = "etaoin shrdlu"[(seed >> (24 - i % 7)) % 13];
  }
  uint8_t *to = malloc(2 * BLOCK), *back = malloc(BLOCK);
  expand(to, compress(text, to), back);
  check(memcmp(text, back, BLOCK) == 0, "what was compressed is another text");
  repeat(arg(argc, argv, 2, 3), "ms", 1e6, work);
  return 0;
}
