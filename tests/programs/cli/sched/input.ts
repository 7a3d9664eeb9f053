// Reads standard input by lines, in several goroutines at once if it is told, while others run.

import { args, go, println, readLine, sleep, Atomic, Chan, WaitGroup, Millisecond } from "skein";

const ticks = new Atomic<i32>();

function tick(): void {
  for (;;) {
    sleep(Millisecond);
    ticks.add(1);
  }
}

function read(count: Atomic<i32>, bytes: Atomic<i64>, wg: WaitGroup): void {
  for (let line = readLine(); line != null; line = readLine()) {
    count.add(1);
    bytes.add(line.length);
    // What has been read is a whole line: a number of letters, and the letters.
    const colon = line.indexOf(":");
    if (I32.parseInt(line.substring(0, colon)) != line.length - colon - 1) throw new Error("not a whole line: " + line);
  }
  wg.done();
}

export function main(): void {
  const how = args()[0];
  if (how == "echo") {
    for (let line = readLine(); line != null; line = readLine()) println(`<${line}>`);
    println(readLine() == null ? "end" : "more");
  }
  if (how == "beside") {
    // Input comes only after others have run: on one P too, reading must not keep them from it.
    go(tick());
    println("ready");
    const line = readLine();
    println(ticks.load() > 0 && line != null ? `after ticks: ${line}` : "no ticks");
  }
  if (how == "many") {
    const count = new Atomic<i32>();
    const bytes = new Atomic<i64>();
    const wg = new WaitGroup();
    wg.add(8);
    for (let i = 0; i < 8; i++) go(read(count, bytes, wg));
    wg.wait();
    println(`${count.load()} lines, ${bytes.load()} letters`);
  }
  if (how == "alone") {
    // Everybody waits, for input only: that is no deadlock.
    const lines = new Chan<string>();
    go(() => {
      const line = readLine();
      lines.send(line != null ? line : "nothing");
    });
    println("ready");
    println(lines.recv());
  }
}
