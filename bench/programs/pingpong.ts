/** Pingpong: two goroutines send a value there and back over two unbuffered channels, on one P; time per round trip. */
import { Chan, go, WaitGroup } from "skein";
import { arg, check, perOp } from "./harness";

const n = arg(0, 500_000);
const wg = new WaitGroup();

function serve(ping: Chan<i64>, pong: Chan<i64>, n: i32, wg: WaitGroup): void {
  for (let i = 0; i < n; i++) {
    ping.send(i);
    check(pong.recv() == i, "another value came back");
  }
  ping.close();
  wg.done();
}

function answer(ping: Chan<i64>, pong: Chan<i64>): void {
  for (let r = ping.range(); r.next();) pong.send(r.value);
}

function work(): void {
  const ping = new Chan<i64>();
  const pong = new Chan<i64>();
  wg.add(1);
  go(serve(ping, pong, n, wg));
  go(answer(ping, pong));
  wg.wait();
}

export function main(): void {
  perOp(arg(1, 5), n, work);
}
