/* Ping-pong: two goroutines of C send a value there and back over two unbuffered channels; time per round trip. */
#include <skein.h>
#include "harness.h"

static int64_t n;
static skein_chan *ping, *pong, *done;

static void serve(void *arg) {
  for (int64_t i = 0, back; i < n; i++) {
    skein_send(ping, &i);
    skein_recv(pong, &back);
    check(back == i, "another value came back");
  }
  skein_close(ping);
}

static void answer(void *arg) {
  for (int64_t value; skein_recv(ping, &value);) skein_send(pong, &value);
  skein_close(done);
}

static void work(void) {
  ping = skein_chan_new(sizeof(int64_t), 0);
  pong = skein_chan_new(sizeof(int64_t), 0);
  done = skein_chan_new(1, 0);
  skein_go(serve, NULL);
  skein_go(answer, NULL);
  skein_recv(done, &(char){0});
  skein_chan_free(ping);
  skein_chan_free(pong);
  skein_chan_free(done);
}

int main(int argc, char **argv) {
  n = arg(argc, argv, 1, 500000);
  repeat(arg(argc, argv, 2, 5), "ns/op", n, work);
  return 0;
}
