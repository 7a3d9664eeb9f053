// A small Redis: PING, ECHO, GET, SET, DEL, INCR, EXPIRE, with pipelining.
//
//   skein run examples/net/redis-server.ts -- tcp://127.0.0.1:6379

import { args, eprintln, exit, go, now, println, Mutex, Second } from "skein";
import { lastError, listen, Conn } from "skein/net";
import { decode, Reader, Writer } from "./stream";

const MAX_WORDS = 1024;

class Entry {
  /** When it is gone, on the clock of `now`; 0 for never. */
  expires: i64 = 0;
  constructor(public value: string) {}
}

const mutex = new Mutex();
const entries = new Map<string, Entry>();

/** The words of the next command, RESP or plain; null at the end of the connection, none for what is no command. */
function readCommand(r: Reader): string[] | null {
  const line = r.line();
  if (!line) return null;
  if (line.length == 0 || line[0] != 0x2a) return decode(line).split(" ");
  const count = number(decode(line));
  const words: string[] = [];
  if (count < 1 || count > MAX_WORDS) return words;
  for (let i = 0; i < count; i++) {
    const head = r.line();
    if (!head) return null;
    const length = head.length > 0 && head[0] == 0x24 ? number(decode(head)) : -1;
    if (length < 0) return [];
    const word = r.bytes(length + 2);
    if (!word) return null;
    words.push(decode(word.subarray(0, length)));
  }
  return words;
}

/** The number after the first character; -1 where there is none. */
function number(text: string): i32 {
  if (text.length < 2 || text.length > 8) return -1;
  for (let i = 1; i < text.length; i++) if (text.charCodeAt(i) < 0x30 || text.charCodeAt(i) > 0x39) return -1;
  return <i32>I32.parseInt(text.substring(1));
}

/** What is stored under a key and has not expired. Under the mutex. */
function live(key: string): Entry | null {
  if (!entries.has(key)) return null;
  const entry = entries.get(key);
  if (entry.expires == 0 || entry.expires > now()) return entry;
  entries.delete(key);
  return null;
}

function bulk(text: string): string {
  return `$${String.UTF8.byteLength(text)}\r\n${text}\r\n`;
}

function isInteger(text: string): bool {
  const from = text.startsWith("-") ? 1 : 0;
  if (text.length == from || text.length > 18) return false;
  for (let i = from; i < text.length; i++) if (text.charCodeAt(i) < 0x30 || text.charCodeAt(i) > 0x39) return false;
  return true;
}

/** Answers a command. Under the mutex. */
function run(words: string[]): string {
  const name = words[0].toUpperCase();
  const n = words.length - 1;
  if (name == "PING" && n <= 1) return n == 0 ? "+PONG\r\n" : bulk(words[1]);
  if (name == "ECHO" && n == 1) return bulk(words[1]);
  if (name == "INFO") return bulk("# Server\r\nredis_version:7.0.0\r\nloading:0\r\n");
  if (name == "GET" && n == 1) {
    const entry = live(words[1]);
    return entry ? bulk(entry.value) : "$-1\r\n";
  }
  if (name == "SET" && n == 2) {
    entries.set(words[1], new Entry(words[2]));
    return "+OK\r\n";
  }
  if (name == "DEL" && n >= 1) {
    let gone = 0;
    for (let i = 1; i <= n; i++) if (live(words[i]) && entries.delete(words[i])) gone++;
    return `:${gone}\r\n`;
  }
  if (name == "INCR" && n == 1) {
    const entry = live(words[1]);
    const old = entry ? entry.value : "0";
    if (!isInteger(old)) return "-ERR value is not an integer or out of range\r\n";
    const next = (I64.parseInt(old) + 1).toString();
    if (entry) entry.value = next;
    else entries.set(words[1], new Entry(next));
    return `:${next}\r\n`;
  }
  if (name == "EXPIRE" && n == 2) {
    const entry = live(words[1]);
    if (!isInteger(words[2]) || words[2].length > 9) return "-ERR value is not an integer or out of range\r\n";
    if (!entry) return ":0\r\n";
    entry.expires = now() + <i64>I64.parseInt(words[2]) * Second;
    return ":1\r\n";
  }
  return `-ERR unknown command or wrong number of arguments: ${name.substring(0, 64)}\r\n`;
}

function serve(c: Conn): void {
  const r = new Reader(c);
  const w = new Writer(c);
  while (true) {
    const words = readCommand(r);
    if (!words) break;
    if (words.length == 0) {
      w.text("-ERR Protocol error\r\n");
      break;
    }
    mutex.lock();
    const reply = run(words);
    mutex.unlock();
    w.text(reply);
    if (!r.hasMore && !w.flush()) break;
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
