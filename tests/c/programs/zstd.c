/* `zstd WORKERS LEVEL` compresses data/in to data/out with zstd's own threads, and expands that again to see that it is right. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "zstd.h"

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static size_t must(size_t result) {
  if (!ZSTD_isError(result)) return result;
  fprintf(stderr, "zstd: %s\n", ZSTD_getErrorName(result));
  exit(1);
}

int main(int argc, char **argv) {
  FILE *in = fopen("data/in", "rb"), *out = fopen("data/out", "wb");
  assert(argc == 3 && in != NULL && out != NULL && fseek(in, 0, SEEK_END) == 0);
  size_t size = ftell(in), room = ZSTD_compressBound(size);
  rewind(in);
  char *from = malloc(size), *to = malloc(room);
  assert(from != NULL && to != NULL && fread(from, 1, size, in) == size);
  fclose(in);
  ZSTD_CCtx *context = ZSTD_createCCtx();
  must(ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, atoi(argv[1])));
  must(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, atoi(argv[2])));
  must(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1));
  int64_t start = now();
  size_t compressed = must(ZSTD_compress2(context, to, room, from, size));
  printf("%zu bytes to %zu in %d ms, zstd %s\n", size, compressed, (int)((now() - start) / 1000000), ZSTD_versionString());
  ZSTD_freeCCtx(context);
  assert(fwrite(to, 1, compressed, out) == compressed && fclose(out) == 0);
  char *back = malloc(size);
  assert(back != NULL && must(ZSTD_decompress(back, size, to, compressed)) == size && memcmp(back, from, size) == 0);
  return 0;
}
