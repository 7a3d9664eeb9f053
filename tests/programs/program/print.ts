// print writes its text, println a line; console writes like both; nothing is changed on the way.
// stdout: plain
// stdout: two parts, one line
// stdout: a
// stdout: b
// stdout:
// stdout: Grüße, 世界, 🚀
// stdout: 1 -2 0.5 true null
// stdout: before	after
// stdout: from console.log
// stdout: from console.info
// stdout: from console.debug
// stdout: the last line has no end$
// stderr-match: /^to standard error\n🚀\nfrom console\.error\nfrom console\.warn\n$/

import { go, print, println, eprintln, Chan, gosched } from "skein";

export function main(): void {
  println("plain");
  print("two parts, ");
  print("");
  print("one line");
  print("\n");
  println("a\nb");
  println("");
  println("Grüße, 世界, 🚀");
  const nothing: string | null = null;
  println(`${1} ${-2} ${0.5} ${true} ${nothing == null ? "null" : "text"}`);
  println("before\tafter");
  eprintln("to standard error");
  eprintln("🚀");
  console.log("from console.log");
  console.info("from console.info");
  console.debug("from console.debug");
  console.error("from console.error");
  console.warn("from console.warn");
  const done = new Chan<bool>();
  go(() => {
    print("the last line ");
    gosched();
    print("has no end");
    done.send(true);
  });
  done.recv();
}
