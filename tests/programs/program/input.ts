// readLine gives standard input line by line, each to one goroutine, and null at the end.
//
// case: nothing
// args: lines
// stdin:
// stdout: end
//
// case: lines, the last without an end
// args: lines
// stdin: one
// stdin:
// stdin: Grüße 🚀
// stdin: last$
// stdout: <one>
// stdout: <>
// stdout: <Grüße 🚀>
// stdout: <last>
// stdout: end
//
// case: many lines for many goroutines
// args: sum
// stdin: $numbers
// stdout: 50005000 10000
//
// case: a file that is there, and one that is not
// args: files $program
// stdout: ok

import { go, args, println, readLine, readText, readFile, gosched, Chan, WaitGroup, Atomic } from "skein";
import { check, same } from "../expect";

function add(sum: Atomic<i32>, count: Atomic<i32>, wg: WaitGroup): void {
  for (let line = readLine(); line != null; line = readLine()) {
    sum.add(I32.parseInt(line));
    count.add(1);
    gosched();
  }
  wg.done();
}

export function main(): void {
  const how = args()[0];
  if (how == "lines") {
    for (let line = readLine(); line != null; line = readLine()) println(`<${line}>`);
    println("end");
  }
  if (how == "sum") {
    const sum = new Atomic<i32>();
    const count = new Atomic<i32>();
    const wg = new WaitGroup();
    for (let i = 0; i < 5; i++) {
      wg.add();
      go(add(sum, count, wg));
    }
    wg.wait();
    println(`${sum.load()} ${count.load()}`);
  }
  if (how == "files") {
    const path = args()[1];
    const texts = new Chan<string | null>();
    for (let i = 0; i < 8; i++) {
      go(() => {
        texts.send(readText(path));
      });
    }
    for (let i = 0; i < 8; i++) {
      const text = texts.recv();
      check(text != null && text.startsWith("// readLine gives"), "this file");
    }
    const bytes = readFile(path);
    check(bytes != null && bytes[0] == 0x2f, "its first byte");
    check(bytes != null && String.UTF8.decode(bytes.buffer).includes("Grüße 🚀"), "its text");
    check(readText(path + ".nowhere") == null, "a file that is not there");
    check(readFile("") == null, "no name");
    same(texts.length, 0, "texts left");
    println("ok");
  }
}
