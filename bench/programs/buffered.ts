/** Buffered: one goroutine produces, one consumes, over a channel of 128, on one P; time per element. */
import { Chan, go } from "skein";
import { arg, check, perOp } from "./harness";

const capacity: i32 = 128;
const n = arg(0, 2_000_000);

function produce(ch: Chan<i64>, n: i32): void {
  for (let i = 0; i < n; i++) ch.send(i);
  ch.close();
}

function work(): void {
  const ch = new Chan<i64>(capacity);
  go(produce(ch, n));
  let count = 0;
  for (let r = ch.range(); r.next();) count++;
  check(count == n, "elements lost");
}

export function main(): void {
  perOp(arg(1, 5), n, work);
}
