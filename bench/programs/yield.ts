/** Yield: two goroutines give way to each other on one P; time per yield. */
import { go, gosched, WaitGroup } from "skein";
import { arg, perOp } from "./harness";

const each = arg(0, 2_000_000) / 2;
const wg = new WaitGroup();

function yielder(n: i32, wg: WaitGroup): void {
  for (let i = 0; i < n; i++) gosched();
  wg.done();
}

function work(): void {
  wg.add(2);
  go(yielder(each, wg));
  go(yielder(each, wg));
  wg.wait();
}

export function main(): void {
  perOp(arg(1, 5), each * 2, work);
}
