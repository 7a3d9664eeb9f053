// args() holds the program's own arguments, as they are.
//
// case: none
// stdout: 0
//
// case: several
// args: one two three
// stdout: 3
// stdout: <one>
// stdout: <two>
// stdout: <three>
//
// case: odd ones
// args: "" "two words" "Grüße 🚀" "--procs" "--" "-x=1" "a\nb"
// stdout: 7
// stdout: <>
// stdout: <two words>
// stdout: <Grüße 🚀>
// stdout: <--procs>
// stdout: <-->
// stdout: <-x=1>
// stdout: <a
// stdout: b>
//
// case: a long one
// args: $long
// stdout-match: /^1\n<(0123456789){2000}>\n$/

import { go, args, println, Chan } from "skein";
import { same } from "../expect";

export function main(): void {
  const list = args();
  println(`${list.length}`);
  for (let i = 0; i < list.length; i++) println(`<${list[i]}>`);
  // The list is the caller's own, in every goroutine.
  const lengths = new Chan<i32>();
  go(() => {
    const mine = args();
    mine.push("more");
    lengths.send(mine.length);
  });
  same(lengths.recv(), list.length + 1, "a list that was changed");
  same(args().length, list.length, "a new list");
}
