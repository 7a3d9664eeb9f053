// gomaxprocs says how many goroutines run at once, and with two or more they run on several threads.
// args: $procs

import { go, gomaxprocs, numCPU, threadId, args, now, Chan, Millisecond, println } from "skein";
import { check, same, within } from "../expect";

function busy(until: i64): void {
  while (now() < until) {}
}

/** The threads on which four goroutines compute at the same time. */
function threads(): Set<i32> {
  const seen = new Set<i32>();
  for (let round = 0; round < 20; round++) {
    const ids = new Chan<i32>(4);
    const until = now() + 20 * Millisecond;
    for (let i = 0; i < 4; i++) {
      go(() => {
        busy(until);
        ids.send(threadId());
      });
    }
    for (let i = 0; i < 4; i++) seen.add(ids.recv());
    if (seen.size > 1) break;
  }
  return seen;
}

export function main(): void {
  const procs = I32.parseInt(args()[0]);
  same(gomaxprocs(0), procs, "what --procs said");
  same(gomaxprocs(-5), procs, "a negative number only asks");
  same(gomaxprocs(0), procs, "asking changes nothing");
  within(numCPU(), 1, 4096, "processors");
  if (procs > 1) check(threads().size > 1, "several Ps compute on several threads");
  println("ok");
}
