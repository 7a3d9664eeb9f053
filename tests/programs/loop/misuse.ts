// An event loop that is used wrongly says so, with a panic.
//
// case: run twice
// args: twice
// exit: 2
// stderr-match: /^panic: event loop: this loop is already running\n/
//
// case: called by another goroutine
// args: other
// exit: 2
// stderr-match: /^panic: event loop: callSoon from another goroutine than the one that runs the loop: use callSoonThreadsafe\n/
//
// case: stopped by another goroutine
// args: stop
// exit: 2
// stderr-match: /^panic: event loop: stop from another goroutine than the one that runs the loop: use callSoonThreadsafe\n/
//
// case: closed while it runs
// args: close
// exit: 2
// stderr-match: /^panic: event loop: close of a running loop\n/
//
// case: used after it was closed
// args: closed
// exit: 2
// stderr-match: /^panic: event loop: callLater of a closed loop\n/
//
// case: reached after it was closed
// args: closed-threadsafe
// exit: 2
// stderr-match: /^panic: event loop: callSoonThreadsafe of a closed loop\n/
//
// case: with nothing that could ever happen
// args: idle
// exit: 2
// stderr-match: /^fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 \[chan receive\]:/

import { EventLoop } from "skein/loop";
import { args, go, Millisecond, sleep } from "skein";

const loop = new EventLoop();

function nothing(): void {}

function misuse(how: string): void {
  sleep(Millisecond);
  if (how == "other") loop.callSoon(nothing());
  if (how == "stop") loop.stop();
}

export function main(): void {
  const how = args()[0];
  if (how == "twice") loop.callSoon(loop.runForever());
  if (how == "close") loop.callSoon(loop.close());
  if (how == "other" || how == "stop") go(misuse(how));
  if (how == "closed") {
    loop.close();
    loop.close();
    loop.callLater(1, nothing());
  }
  if (how == "closed-threadsafe") {
    loop.close();
    loop.callSoonThreadsafe(nothing());
  }
  loop.runForever();
}
