/** Defer: a function that adds to a counter under a mutex, and unlocks by a deferred call; time per call. */
import { defer, Mutex } from "skein";
import { arg, check, perOp } from "./harness";

const n = arg(0, 5_000_000);
const mutex = new Mutex();
let counter: i32 = 0;

function add(by: i32): void {
  mutex.lock();
  defer(mutex.unlock());
  counter += by;
}

function work(): void {
  counter = 0;
  for (let i = 0; i < n; i++) add(1);
  check(counter == n, "additions lost");
}

export function main(): void {
  perOp(arg(1, 5), n, work);
}
