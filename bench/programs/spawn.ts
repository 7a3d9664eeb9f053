/** Spawn: start goroutines that only say they are done, 200 under one WaitGroup; time per goroutine. */
import { go, WaitGroup } from "skein";
import { arg, perOp } from "./harness";

const batch: i32 = 200;
const batches = arg(0, 1_000_000) / batch;
const wg = new WaitGroup();

function done(wg: WaitGroup): void {
  wg.done();
}

function work(): void {
  for (let i = 0; i < batches; i++) {
    wg.add(batch);
    for (let j = 0; j < batch; j++) go(done(wg));
    wg.wait();
  }
}

export function main(): void {
  perOp(arg(1, 5), batches * batch, work);
}
