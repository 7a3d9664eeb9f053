// A Ticker needs a period.
//
// case: a Ticker of zero
// args: zero
// exit: 2
// stderr-match: /^panic: non-positive interval for NewTicker\n\ngoroutine 1 \[running\]:\n/
//
// case: a Ticker of less than nothing
// args: negative
// exit: 2
// stderr-match: /^panic: non-positive interval for NewTicker\n\ngoroutine 1 \[running\]:\n/
//
// case: a Ticker reset to zero
// args: reset
// exit: 2
// stderr-match: /^panic: non-positive interval for Ticker\.Reset\n\ngoroutine 1 \[running\]:\n/

import { args, Ticker, Second, println } from "skein";

export function main(): void {
  const how = args()[0];
  if (how == "zero") new Ticker(0);
  if (how == "negative") new Ticker(-Second);
  if (how == "reset") new Ticker(Second).reset(0);
  println("not reached");
}
