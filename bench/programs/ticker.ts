/**
 * Ticker: a ticker of 5 ms beside goroutines that compute without end and call nothing, two for each core. Reported is the
 * lateness that 99 of 100 ticks keep below: from when a tick was due until the goroutine that waits for it has it.
 */
import { go, gomaxprocs, Millisecond, now, sleep, Ticker } from "skein";
import { arg, result } from "./harness";

const period: i64 = 5 * Millisecond;
const ticks = arg(0, 300);

let sink: i64 = 0;

function spin(): void {
  for (let i: i64 = 0; ; i++) sink = i;
}

/** A tick that was not taken in time is dropped; the next is then due at the next multiple of the period. */
function lateness(): f64[] {
  const late: f64[] = [];
  let due = now() + period;
  const ticker = new Ticker(period);
  for (let i = 0; i < ticks; i++) {
    const fired = ticker.chan.recv();
    late.push(<f64>(now() - due) / 1e6);
    due += period * (1 + max<i64>(fired - due, 0) / period);
  }
  ticker.stop();
  return late;
}

export function main(): void {
  for (let i = 0, n = 2 * gomaxprocs(0); i < n; i++) go(spin());
  // Until every one of them has run for some slices.
  sleep(300 * Millisecond);
  for (let i = 0, n = arg(1, 2); i < n; i++) {
    const late = lateness().sort();
    result("ms", late[(ticks * 99) / 100]);
  }
}
