// An event loop in a goroutine program: a heartbeat every 20 ms, and work that other goroutines hand in.
//
//     npx skein run examples/loop/heartbeat.ts -- 5   beats (3 unless told)

import { args, go, Millisecond, println, sleep } from "skein";
import { EventLoop } from "skein/loop";
import { parse } from "skein/strconv";

const loop = new EventLoop();
let handedIn = 0;

/** The next beat is due 20 ms after this one was, however late this one is. */
function beat(n: i32, left: i32, due: i64): void {
  println(`beat ${n}`);
  if (left == 1) loop.stop();
  else loop.callAt(due + 20 * Millisecond, beat(n + 1, left - 1, due + 20 * Millisecond));
}

function take(from: string): void {
  // Only the loop's goroutine is here: no lock.
  handedIn++;
  println(`${from} hands in number ${handedIn}`);
}

function work(name: string, pause: i64): void {
  sleep(pause);
  loop.callSoonThreadsafe(take(name));
}

export function main(): void {
  const given = args();
  const beats = given.length > 0 ? parse<i32>(given[0]).must() : 3;
  go(work("the quick one", 5 * Millisecond));
  go(work("the slow one", 30 * Millisecond));
  loop.callSoon(beat(1, beats, loop.time()));
  loop.runForever();
  println(`${handedIn} handed in`);
  loop.close();
}
