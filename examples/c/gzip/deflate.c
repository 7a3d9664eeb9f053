/*
 * Compresses parts of a stream by themselves, in the form of RFC 1951 with its fixed codes: each ends at a byte, so that they can be put one
 * after another, whoever has compressed them. And the sum of RFC 1952.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WINDOW = 32768, LEAST = 4, MOST = 258, HASH_BITS = 13 };

struct out {
  uint8_t *at;
  uint64_t bits;
  int count;
};

static void put(struct out *out, uint32_t bits, int count) {
  out->bits |= (uint64_t)bits << out->count;
  out->count += count;
  for (; out->count >= 8; out->count -= 8, out->bits >>= 8) *out->at++ = (uint8_t)out->bits;
}

/* A code, whose first bit is its highest. */
static void put_code(struct out *out, uint32_t code, int count) {
  uint32_t turned = 0;
  for (int i = 0; i < count; i++) turned |= (code >> i & 1) << (count - 1 - i);
  put(out, turned, count);
}

/* A byte, the end (256) or a length (from 257). */
static void put_symbol(struct out *out, uint32_t symbol) {
  if (symbol < 144) put_code(out, 0x30 + symbol, 8);
  else if (symbol < 256) put_code(out, 0x190 + symbol - 144, 9);
  else if (symbol < 280) put_code(out, symbol - 256, 7);
  else put_code(out, 0xc0 + symbol - 280, 8);
}

static const uint16_t lengths[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                   31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint16_t distances[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                     193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};

static void put_match(struct out *out, uint32_t length, uint32_t distance) {
  int i = 28;
  while (lengths[i] > length) i--;
  put_symbol(out, 257 + i);
  if (i >= 8 && i < 28) put(out, length - lengths[i], i / 4 - 1);
  for (i = 29; distances[i] > distance;) i--;
  put_code(out, i, 5);
  if (i >= 4) put(out, distance - distances[i], i / 2 - 1);
}

static uint32_t word(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return value;
}

/* The most that deflate_part writes for so many bytes. */
size_t deflate_room(size_t size) {
  return size + size / 8 + 16;
}

/* Compresses `size` bytes; how many have been written. */
size_t deflate_part(const uint8_t *from, size_t size, uint8_t *to) {
  size_t last[1 << HASH_BITS]; /* where four such bytes were last, and 1 */
  memset(last, 0, sizeof last);
  struct out out = {to, 0, 0};
  put(&out, 2, 3); /* not the last block, fixed codes */
  for (size_t at = 0; at < size;) {
    size_t length = 0, before = 0;
    if (at + LEAST <= size) {
      size_t *slot = &last[word(from + at) * 2654435761u >> (32 - HASH_BITS)];
      before = *slot;
      *slot = at + 1;
      if (before != 0 && at - --before <= WINDOW) {
        while (length < MOST && at + length < size && from[before + length] == from[at + length]) length++;
      }
    }
    if (length >= LEAST) put_match(&out, length, at - before), at += length;
    else put_symbol(&out, from[at++]);
  }
  put_symbol(&out, 256);
  put(&out, 0, 3); /* a block of nothing, which is stored: it begins at a byte */
  if (out.count > 0) put(&out, 0, 8 - out.count);
  memcpy(out.at, "\0\0\xff\xff", 4);
  return out.at + 4 - to;
}

uint32_t crc32(uint32_t crc, const uint8_t *at, size_t size) {
  static const uint32_t halves[] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  crc = ~crc;
  for (; size > 0; size--) {
    crc ^= *at++;
    crc = crc >> 4 ^ halves[crc & 15];
    crc = crc >> 4 ^ halves[crc & 15];
  }
  return ~crc;
}
