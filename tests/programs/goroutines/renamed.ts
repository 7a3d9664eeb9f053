// go is the imported binding, however it is renamed, and never a method or function of the user's that has its name.

import { go as spawn, Chan, afterFunc as later, Once as Single, Pool as Workers } from "skein";
import * as skein from "skein";
import { same } from "../expect";

const log: string[] = [];

function go(s: string): string {
  log.push(`go ${s}`);
  return s;
}

class Robot {
  go(s: string): void {
    log.push(`robot ${s}`);
  }
  static go(s: string): void {
    log.push(`static ${s}`);
  }
}

namespace places {
  export function go(s: string): void {
    log.push(`places ${s}`);
  }
}

function send(ch: Chan<i32>, v: i32): void {
  ch.send(v);
}

export function main(): void {
  const ch = new Chan<i32>();
  spawn(send(ch, 1));
  same(ch.recv(), 1, "a renamed go");
  skein.go(send(ch, 2));
  same(ch.recv(), 2, "go of the namespace");
  skein.go(() => {
    ch.send(3);
  });
  same(ch.recv(), 3, "a body for go of the namespace");
  spawn(() => {
    spawn(send(ch, 4));
  });
  same(ch.recv(), 4, "renamed, inside a body");
  later(1, send(ch, 5));
  same(ch.recv(), 5, "a renamed afterFunc");
  skein.afterFunc(1, send(ch, 6));
  same(ch.recv(), 6, "afterFunc of the namespace");
  new Workers(1).submit(send(ch, 7));
  same(ch.recv(), 7, "submit of a renamed Pool");
  const buffered = new skein.Chan<i32>(1);
  new Single().do(send(buffered, 8));
  same(buffered.recv(), 8, "do of a renamed Once");

  go("a");
  new Robot().go("b");
  Robot.go("c");
  places.go("d");
  go(go("e"));
  same(log.join(", "), "go a, robot b, static c, places d, go e, go e", "the user's own");
  skein.println("ok");
}
