/**
 * Select-bodies: one goroutine selects over four unbuffered channels, each fed by a goroutine of its own, on one P, by a statement with
 * a body beside each case; time per value received.
 */
import { Chan, go, select } from "skein";
import { arg, check, perOp } from "./harness";

const each = arg(0, 400_000) / 4;
const a = new Chan<i64>();
const b = new Chan<i64>();
const c = new Chan<i64>();
const d = new Chan<i64>();

function feed(ch: Chan<i64>, n: i32): void {
  for (let i = 0; i < n; i++) ch.send(i);
}

function work(): void {
  go(feed(a, each));
  go(feed(b, each));
  go(feed(c, each));
  go(feed(d, each));
  let sum: i64 = 0;
  for (let i = 0; i < each * 4; i++) {
    select()
      .recv(a, (v) => {
        sum += v;
      })
      .recv(b, (v) => {
        sum += v;
      })
      .recv(c, (v) => {
        sum += v;
      })
      .recv(d, (v) => {
        sum += v;
      })
      .wait();
  }
  check(sum == 4 * ((<i64>each * (each - 1)) / 2), "the sum of what was sent");
}

export function main(): void {
  perOp(arg(1, 5), each * 4, work);
}
