// However a program ends, sockets and those who wait for them do not hold it up; and a deadlock beside closed ones is found.
//
// case: main returns
// args: return
//
// case: exit
// args: exit
// exit: 3
// stdout: ok
//
// case: a panic
// args: panic
// exit: 2
// stdout: ok
// stderr-match: /panic: enough/
//
// case: a deadlock
// args: deadlock
// exit: 2
// stdout: ok
// stderr-match: /all goroutines are asleep - deadlock!/
//
// case: main returns, with the runtime's own sockets
// args: return
// options: --poller stdlib
//
// case: exit, with the runtime's own sockets
// args: exit
// options: --poller stdlib
// exit: 3
// stdout: ok

import { args, exit, go, println, sleep, Chan, Millisecond } from "skein";
import { lastError } from "skein/net";
import { connect, listenTCP, Pair } from "./support";

/** Talks without end; a program that is over must not tell it of closed connections. */
function talk(pair: Pair): void {
  const buf = new Uint8Array(8);
  while (true) {
    if (pair.near.write(buf) < 0 || pair.far.read(buf) < 0) throw new Error("told: " + lastError());
  }
}

export function main(): void {
  const way = args()[0];
  const l = listenTCP();
  const addr = l.addr;
  if (way == "deadlock") {
    const pair = new Pair();
    pair.near.close();
    pair.far.close();
    l.close();
    println("ok");
    new Chan<bool>().recv();
  }
  for (let i = 0; i < 5; i++) {
    go(() => {
      connect(addr).read(new Uint8Array(8));
    });
  }
  go(() => {
    while (l.accept());
  });
  for (let i = 0; i < 4; i++) go(talk(new Pair()));
  sleep(20 * Millisecond);
  println("ok");
  if (way == "exit") exit(3);
  if (way == "panic") throw new Error("enough");
}
