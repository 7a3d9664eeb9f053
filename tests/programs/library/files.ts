// Files, and reading by lines and words, of files, connections and standard input.
// procs: 2
//
// case: in a directory that it was given
// options: --dir /tmp=tmp
// stdin: one two
// stdin: three
//
// case: in none
// args: none

import { args, go, println, readLine } from "skein";
import * as bufio from "skein/bufio";
import { utf8 } from "skein/encoding";
import { fprintf, fprintln, sprintf } from "skein/fmt";
import { copy, ioError, readAll, Reader, Writer } from "skein/io";
import { dial, listen } from "skein/net";
import * as os from "skein/os";
import { check, same } from "../expect";

const place = "tmp/skein-files-" + Date.now().toString();

function fine(error: Error | null, what: string): void {
  if (error) throw new Error(`${what}: ${error.message}`);
}

function filesAreWrittenAndRead(): void {
  fine(os.mkdirAll(place + "/a/b/"), "mkdirAll");
  fine(os.mkdirAll(place + "/a/b"), "mkdirAll again");
  check(os.isExist(os.mkdir(place)), "it is there");
  const file = place + "/a/text";
  fine(os.writeText(file, "héllo\n"), "writeText");
  const end = os.openFile(file, os.O_WRONLY | os.O_APPEND)!;
  same(end.writeString("world"), 5, "what is appended");
  fine(end.close(), "close");
  same(end.close()!.message, `close ${file}: file already closed`, "close again");
  same(os.readText(file)!, "héllo\nworld", "readText");
  const both = os.openFile(file, os.O_RDWR)!;
  const three = new Uint8Array(3);
  same(both.seek(-5, os.SEEK_END), 7, "seek");
  same(both.read(three), 3, "read");
  same(String.UTF8.decode(three.buffer), "wor", "what was read");
  same(both.writeAt(utf8("H"), 0), 1, "writeAt");
  same(both.readAt(three, 0), 3, "readAt");
  same(three[0], <u8>0x48, "what was written");
  fine(both.truncate(4), "truncate");
  const info = both.stat()!;
  check(info.size == 4 && info.isRegular && !info.isDir && info.name == "text", "stat");
  check(abs(info.modified / 1_000_000 - Date.now()) < 60_000, "when it was changed");
  both.close();
  const large = new Uint8Array(3_000_000);
  for (let i = 0; i < large.length; i++) large[i] = <u8>(i * 7);
  fine(os.writeFile(place + "/large", large), "writeFile");
  const again = os.readFile(place + "/large")!;
  same(again.length, large.length, "how much");
  for (let i = 0; i < large.length; i += 1001) same(again[i], large[i], "all of it");
  fine(os.writeFile(place + "/wrong", Uint8Array.wrap(String.UTF8.encode("a\xff").slice(0, 2))), "no UTF-8");
  same(os.readText(place + "/wrong")!, "a�", "what is no UTF-8");
}

function directoriesAreWalked(): void {
  const seen: string[] = [];
  fine(
    os.walk(place, (path, entry) => {
      seen.push(path.substring(place.length) + (entry.isDir ? "/" : ""));
      return entry.name != "b";
    }),
    "walk",
  );
  same(seen.join(" "), "/ /a/ /a/b/ /a/text /large /wrong", "what there is");
  fine(os.rename(place + "/large", place + "/a/b/l"), "rename");
  same(os.readDir(place + "/a/b")!.length, 1, "readDir");
  check(os.stat(place + "/a")!.isDir, "a directory");
  same(os.remove(place + "/a")!.message, `remove ${place}/a: directory not empty`, "what is not empty");
  check(os.open(place + "/none") === null, "what is not there");
  check(os.isNotExist(ioError()), "it says so");
  same(ioError().message, `open ${place}/none: no such file or directory`, "in words");
  check(os.readFile("/etc/passwd") === null && os.open("tmp/../../etc/passwd") === null, "what is not given");
  fine(os.removeAll(place), "removeAll");
  fine(os.removeAll(place), "removeAll of nothing");
  check(os.stat(place) === null, "it is gone");
}

/** Gives a few bytes at a time. */
class Slow implements Reader, Writer {
  private at: i32 = 0;
  readonly written: string[] = [];
  constructor(
    private readonly text: Uint8Array,
    private readonly step: i32,
  ) {}

  read(buf: Uint8Array): i32 {
    const n = min(min(this.step, buf.length), this.text.length - this.at);
    buf.set(this.text.subarray(this.at, this.at + n));
    this.at += n;
    return n;
  }

  write(buf: Uint8Array): i32 {
    this.written.push(String.UTF8.decodeUnsafe(buf.dataStart, buf.length));
    return buf.length;
  }
}

function scanned(text: string, split: bufio.Split): string {
  let all = "";
  for (let step = 1; step < 6; step++) {
    const scanner = new bufio.Scanner(new Slow(utf8(text), step));
    scanner.split(split);
    const tokens: string[] = [];
    while (scanner.scan()) tokens.push(scanner.text());
    check(scanner.error === null && !scanner.scan(), "ended");
    const joined = tokens.join("|");
    if (step > 1) same(joined, all, "however it comes");
    all = joined;
  }
  return all;
}

function whatIsReadIsDivided(): void {
  same(scanned("one\r\n\ntwo\nthree", bufio.scanLines), "one||two|three", "lines");
  same(scanned("", bufio.scanLines) + scanned("x\n", bufio.scanLines), "x", "no last line");
  same(scanned("  now is\tthe time\n", bufio.scanWords), "now|is|the|time", "words");
  same(scanned("hé😀", bufio.scanRunes) + scanned("ab", bufio.scanBytes), "h|é|😀a|b", "characters, bytes");
  const long = new bufio.Scanner(new Slow(utf8("ok\n" + "x".repeat(100)), 10));
  long.maxToken(50);
  check(long.scan() && long.text() == "ok" && !long.scan(), "no more than that");
  same(long.error!.message, "bufio.Scanner: token too long", "and why");
  const reader = new bufio.Reader(new Slow(utf8("ab\ncd€\r\nrest" + "y".repeat(50)), 7), 16);
  same(reader.readByte(), 0x61, "a byte");
  same(reader.peek(3)[0], <u8>0x62, "peek");
  same(reader.readString()!, "b\n", "to the delimiter");
  same(reader.readRune(), 0x63, "a character");
  reader.discard(1);
  same(reader.readRune(), 0x20ac, "a longer one");
  same(reader.readLine()!, "", "what is left of the line");
  same(reader.readLine()!, "rest" + "y".repeat(50), "longer than the buffer");
  check(reader.readLine() === null && reader.readByte() == -1 && reader.error === null, "the end");
  const target = new Slow(utf8(""), 1);
  const writer = new bufio.Writer(target, 16);
  fprintf(writer, "%d-%s;", 1, "two");
  fprintln(writer, 3, "four");
  same(target.written.length, 0, "nothing yet");
  writer.writeString("z".repeat(20));
  fine(writer.flush(), "flush");
  same(target.written.join("+"), "1-two;3 four\n+" + "z".repeat(20), "in pieces");
}

function connectionsAreRead(): void {
  const listener = listen("tcp://127.0.0.1:0")!;
  go(() => {
    const conn = listener.accept()!;
    const lines = new bufio.Scanner(conn);
    while (lines.scan()) fprintf(conn, "%q\n", lines.text());
    conn.close();
  });
  const conn = dial(listener.addr)!;
  const writer = new bufio.Writer(conn);
  for (let i = 0; i < 1000; i++) writer.writeString(sprintf("line %d\n", i));
  fine(writer.flush(), "flush");
  conn.closeWrite();
  const answer = String.UTF8.decode(readAll(conn)!.buffer.slice(0, 9));
  same(answer, '"line 0"\n', "what came back");
  listener.close();
}

function standardInputIsShared(): void {
  const reader = new bufio.Reader(os.stdin, 16);
  const words = new bufio.Scanner(reader);
  words.split(bufio.scanWords);
  const all: string[] = [];
  while (words.scan()) all.push(words.text());
  same(all.join(), "one,two,three", "words of standard input");
  check(readLine() === null, "nothing is left");
}

export function main(): void {
  if (args().length > 0) {
    check(os.open("/tmp/x") === null, "nothing is given");
    same(ioError().message, "open /tmp/x: the program was given no directory (skein run --dir .)", "and why");
    println("ok");
    return;
  }
  filesAreWrittenAndRead();
  directoriesAreWalked();
  whatIsReadIsDivided();
  connectionsAreRead();
  standardInputIsShared();
  same(copy(os.stdout, new Slow(utf8("o"), 1)), 1, "copied");
  fprintln(os.stdout, "k");
}
