/*
 * Compresses data/in to data/out with zlib, in blocks, each in a goroutine, after pigz: a block is given what comes before it as its
 * dictionary, so where it ends and who compresses it makes no difference to any byte.
 */
#include <assert.h>
#include <skein.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "zlib.h"

enum { BLOCK = 131072, WINDOW = 32768 };

typedef struct {
  unsigned char *from, *to;
  size_t before, length, room, compressed;
  uLong adler;
  int is_last;
} block;

static skein_chan *queue, *done;

static void compress_block(block *it) {
  z_stream z = {0};
  assert(deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  size_t window = it->before < WINDOW ? it->before : WINDOW;
  if (window > 0) assert(deflateSetDictionary(&z, it->from - window, window) == Z_OK);
  it->room = deflateBound(&z, it->length) + 16;
  it->to = malloc(it->room);
  z.next_in = it->from;
  z.avail_in = it->length;
  z.next_out = it->to;
  z.avail_out = it->room;
  int result = deflate(&z, it->is_last ? Z_FINISH : Z_SYNC_FLUSH);
  assert(result == (it->is_last ? Z_STREAM_END : Z_OK) && z.avail_in == 0);
  it->compressed = it->room - z.avail_out;
  deflateEnd(&z);
  it->adler = adler32(1, it->from, it->length);
}

static void work(void *arg) {
  for (block *it; skein_recv(queue, &it);) {
    compress_block(it);
    skein_send(done, &it);
  }
}

int main(void) {
  struct stat st;
  FILE *in = fopen("data/in", "rb"), *out = fopen("data/out", "wb");
  assert(in != NULL && out != NULL && stat("data/in", &st) == 0);
  size_t size = st.st_size;
  unsigned char *all = malloc(size);
  assert(fread(all, 1, size, in) == size && fclose(in) == 0);
  int count = (size + BLOCK - 1) / BLOCK;
  block *blocks = calloc(count, sizeof *blocks);
  queue = skein_chan_new(sizeof(block *), 0);
  done = skein_chan_new(sizeof(block *), count);
  int64_t start = skein_now();
  for (int i = 0; i < 4 * skein_gomaxprocs(0); i++) skein_go(work, NULL);
  for (int i = 0; i < count; i++) {
    size_t at = (size_t)i * BLOCK;
    blocks[i] = (block){.from = all + at, .before = at, .length = size - at < BLOCK ? size - at : BLOCK, .is_last = i == count - 1};
    block *it = &blocks[i];
    skein_send(queue, &it);
  }
  skein_close(queue);
  block *it;
  for (int i = 0; i < count; i++) skein_recv(done, &it);
  printf("%d blocks in %d ms, zlib %s\n", count, (int)((skein_now() - start) / 1000000), zlibVersion());
  fwrite("\x78\x9c", 1, 2, out);
  uLong adler = 1;
  for (int i = 0; i < count; i++) {
    assert(fwrite(blocks[i].to, 1, blocks[i].compressed, out) == blocks[i].compressed);
    adler = adler32_combine(adler, blocks[i].adler, blocks[i].length);
  }
  for (int shift = 24; shift >= 0; shift -= 8) fputc(adler >> shift & 255, out);
  return fclose(out);
}
