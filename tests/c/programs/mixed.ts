import { gc, go, Mutex, println, WaitGroup, WeakRef } from "skein";


@external("c", "count_words")
declare function countWords(first: usize): i32;


@external("c", "crc32")
declare function crc32(seed: u32, p: usize, n: usize): u32;


@external("c", "nap")
declare function nap(ns: i64): i32;


@external("c", "keep")
declare function keep(p: usize): void;


@external("c", "let_go")
declare function letGo(): i32;

/** Gives C an object that nothing else refers to. */
function giveBytes(): WeakRef<ArrayBuffer> {
  const bytes = new Uint8Array(1000).fill(7);
  keep(bytes.dataStart + 0);
  return new WeakRef<ArrayBuffer>(bytes.buffer);
}

/** Overwrites what the stack may still have of addresses. */
function held(): void {
  const bytes = giveBytes();
  gc();
  println((bytes.deref() != null).toString());
  println(letGo().toString());
  gc();
  println((bytes.deref() != null).toString());
}

const wg = new WaitGroup();

function work(i: i32): void {
  const bytes = new Uint8Array(50000);
  for (let k = 0; k < bytes.length; k++) bytes[k] = <u8>(k + i);
  const before = crc32(0, bytes.dataStart, bytes.length);
  if (nap(1_000_000) != 1 || nap(1) != 2) throw new Error("C has lost its stack, or its variables");
  if (crc32(0, bytes.dataStart, bytes.length) != before) throw new Error("C computes something else");
  wg.done();
}

export function main(): void {
  const text = String.UTF8.encode("123456789");
  println(crc32(0, changetype<usize>(text), 9).toString(16));
  for (let i = 0; i < 100; i++) {
    wg.add();
    go(work(i));
  }
  wg.wait();
  // Closures that call C, which parks, and that share a variable.
  let sum = 0;
  const mutex = new Mutex();
  const naps = [1, 2, 3].map<() => void>((n: i32): (() => void) => {
    let own = 0;
    return (): void => {
      own += nap(100_000 * n);
      mutex.lock();
      sum += own * n;
      mutex.unlock();
      wg.done();
    };
  });
  wg.add(naps.length);
  for (let i = 0; i < naps.length; i++) {
    const each = naps[i];
    go(() => each());
  }
  wg.wait();
  println(sum.toString());
  const ended = new WaitGroup();
  ended.add();
  go(() => {
    held();
    ended.done();
  });
  ended.wait();
  const first = new Uint8Array(16);
  const counted = countWords(first.dataStart);
  println(`${counted} words, ${String.UTF8.decodeUnsafe(first.dataStart, 16, true)} first`);
  println("done");
}
