// A small Redis with pipelining: the commands of `run`. Keys and values may be any bytes.
//
//   skein run examples/net/redis-server.ts -- tcp://127.0.0.1:6379

import { args, eprintln, exit, go, now, println, Mutex, Second } from "skein";
import { lastError, listen, Conn } from "skein/net";
import { decode, Reader, Writer } from "./stream";

const MAX_WORDS = 1 << 20;

class Entry {
  /** When it is gone, on the clock of `now`; 0 for never. */
  expires: i64 = 0;
  constructor(public value: Uint8Array) {}
}

const mutex = new Mutex();
const entries = new Map<string, Entry>();

/** The words of the next command, RESP or plain, none for an empty one; null at the end of the connection, or after an error. */
function readCommand(r: Reader, w: Writer): Uint8Array[] | null {
  const line = r.line();
  if (!line) return null;
  if (line.length == 0 || line[0] != 0x2a) return inline(line);
  const count = number(line);
  if (count > MAX_WORDS || count == BAD) return wrong(w, "invalid multibulk length");
  const words: Uint8Array[] = [];
  for (let i: i64 = 0; i < count; i++) {
    const head = r.line();
    if (!head) return null;
    if (head.length == 0 || head[0] != 0x24) return wrong(w, "expected '$'");
    const length = number(head);
    if (length < 0 || length > i32.MAX_VALUE - 2) return wrong(w, "invalid bulk length");
    const word = r.bytes(<i32>length + 2);
    if (!word) return null;
    words.push(word.slice(0, <i32>length));
  }
  return words;
}

function inline(line: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = [];
  for (let at = 0; at < line.length;) {
    let end = at;
    while (end < line.length && line[end] > 0x20) end++;
    if (end > at) words.push(line.slice(at, end));
    at = end + 1;
  }
  return words;
}

function wrong(w: Writer, what: string): Uint8Array[] | null {
  w.text(`-ERR Protocol error: ${what}\r\n`);
  return null;
}

const BAD: i64 = i64.MIN_VALUE;

/** The whole number after `from` bytes; BAD where there is none, or one of more than 18 digits. */
function number(text: Uint8Array, from: i32 = 1): i64 {
  const isNegative = text.length > from && text[from] == 0x2d;
  const first = isNegative ? from + 1 : from;
  if (text.length == first || text.length - first > 18) return BAD;
  let value: i64 = 0;
  for (let i = first; i < text.length; i++) {
    if (text[i] < 0x30 || text[i] > 0x39) return BAD;
    value = value * 10 + (text[i] - 0x30);
  }
  return isNegative ? -value : value;
}

/** A character for each byte: any bytes are a key. */
function keyOf(bytes: Uint8Array): string {
  const text = changetype<string>(__new(bytes.length << 1, idof<string>()));
  for (let i = 0; i < bytes.length; i++) store<u16>(changetype<usize>(text) + (i << 1), bytes[i]);
  return text;
}

/** What is stored under a key and has not expired. Under the mutex. */
function live(word: Uint8Array): Entry | null {
  const key = keyOf(word);
  if (!entries.has(key)) return null;
  const entry = entries.get(key);
  if (entry.expires == 0 || entry.expires > now()) return entry;
  entries.delete(key);
  return null;
}

function bulk(w: Writer, bytes: Uint8Array | null): void {
  if (!bytes) {
    w.text("$-1\r\n");
    return;
  }
  w.text(`$${bytes.length}\r\n`);
  w.bytes(bytes);
  w.text("\r\n");
}

function encode(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

/** Adds 1 to a number; the answer. Under the mutex. */
function increment(word: Uint8Array): string {
  const entry = live(word);
  const old = entry ? number(entry.value, 0) : 0;
  if (old == BAD) return "-ERR value is not an integer or out of range\r\n";
  const next = encode((old + 1).toString());
  if (entry) entry.value = next;
  else entries.set(keyOf(word), new Entry(next));
  return `:${old + 1}\r\n`;
}

function expire(word: Uint8Array, seconds: i64): string {
  if (seconds == BAD || abs(seconds) > 1_000_000_000) return "-ERR value is not an integer or out of range\r\n";
  const entry = live(word);
  if (entry) entry.expires = now() + seconds * Second;
  return entry ? ":1\r\n" : ":0\r\n";
}

/** Answers a command. Under the mutex. */
function run(words: Uint8Array[], w: Writer): void {
  const name = decode(words[0]).toUpperCase();
  const n = words.length - 1;
  if (name == "PING" && n == 0) w.text("+PONG\r\n");
  else if ((name == "PING" || name == "ECHO") && n == 1) bulk(w, words[1]);
  else if (name == "GET" && n == 1) {
    const entry = live(words[1]);
    bulk(w, entry ? entry.value : null);
  } else if (name == "SET" && n == 2) {
    entries.set(keyOf(words[1]), new Entry(words[2]));
    w.text("+OK\r\n");
  } else if ((name == "DEL" || name == "EXISTS") && n >= 1) {
    let found = 0;
    for (let i = 1; i <= n; i++) if (live(words[i]) && (name != "DEL" || entries.delete(keyOf(words[i])))) found++;
    w.text(`:${found}\r\n`);
  } else if (name == "INCR" && n == 1) w.text(increment(words[1]));
  else if (name == "EXPIRE" && n == 2) w.text(expire(words[1], number(words[2], 0)));
  else if (name == "DBSIZE" && n == 0) w.text(`:${entries.size}\r\n`);
  else if (name == "INFO") bulk(w, encode("# Server\r\nredis_version:7.0.0\r\nloading:0\r\n"));
  else if (name == "CLIENT" || name == "SELECT") w.text("+OK\r\n");
  else if (name == "COMMAND") w.text("*0\r\n");
  else
    w.text(
      `-ERR unknown command or wrong number of arguments: ${keyOf(words[0].subarray(0, 64)).replaceAll("\n", " ")}\r\n`,
    );
}

function serve(c: Conn): void {
  const w = new Writer(c);
  const r = new Reader(c, w);
  while (true) {
    const words = readCommand(r, w);
    if (!words) break;
    if (words.length == 0) continue;
    mutex.lock();
    run(words, w);
    mutex.unlock();
    if (w.isFull && !w.flush()) break;
  }
  w.flush();
  c.close();
}

export function main(): void {
  const given = args();
  const l = listen(given.length > 0 ? given[0] : "tcp://127.0.0.1:6379");
  if (!l) {
    eprintln(lastError());
    exit(1);
  }
  println("redis-server listens at " + l!.addr);
  while (true) {
    const c = l!.accept();
    if (!c) break;
    go(serve(c));
  }
}
