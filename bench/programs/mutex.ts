/** Mutex: eight goroutines on all cores lock one mutex, add one to a counter, and unlock; time per lock and unlock. */
import { go, Mutex, WaitGroup } from "skein";
import { arg, check, perOp } from "./harness";

const goroutines: i32 = 8;
const each = arg(0, 2_000_000) / goroutines;
const mutex = new Mutex();
const wg = new WaitGroup();
let counter: i32 = 0;

function add(n: i32, wg: WaitGroup): void {
  for (let i = 0; i < n; i++) {
    mutex.lock();
    counter++;
    mutex.unlock();
  }
  wg.done();
}

function work(): void {
  counter = 0;
  wg.add(goroutines);
  for (let i = 0; i < goroutines; i++) go(add(each, wg));
  wg.wait();
  check(counter == each * goroutines, "additions lost");
}

export function main(): void {
  perOp(arg(1, 5), each * goroutines, work);
}
