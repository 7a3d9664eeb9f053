// What a long-lived server does, all of it at once, for as long as it is told: requests over sockets, each with a deadline, handlers that panic and
// recover, closures, maps and timers that come and go. It ends with 1 if an answer is wrong, or a goroutine is left over; whether
// memory, threads and descriptors stay what they are is for who runs it to see.
//
//     skein run tests/stress/programs/soak.ts --procs 2 -- SECONDS
import {
  after,
  afterFunc,
  args,
  Atomic,
  Chan,
  defer,
  exit,
  go,
  gosched,
  Millisecond,
  now,
  numGoroutine,
  println,
  recover,
  Second,
  Select,
  sleep,
  Ticker,
  WaitGroup,
} from "skein";
import { background, withCancel, withTimeout } from "skein/context";
import { dial, lastError, listen, Conn } from "skein/net";

const answered = new Atomic<i64>();
const recovered = new Atomic<i64>();
const cancelled = new Atomic<i64>();
const fired = new Atomic<i64>();

function fail(what: string): void {
  println("FAILED " + what);
  exit(1);
}

/** Panics for some numbers; the panic ends here. */
function risky(n: i32): i32 {
  defer(() => {
    if (recover()) recovered.add(1);
  });
  if (n % 7 == 0) throw new Error("a request that fails");
  return n + 1;
}

function serve(c: Conn): void {
  const buf = new Uint8Array(256);
  while (true) {
    const n = c.read(buf);
    if (n <= 0) break;
    risky(buf[0]);
    if (c.write(buf.subarray(0, n)) < 0) break;
  }
  c.close();
}

/** A connection of some requests, then another, until the end. */
function client(address: string, seed: i32, until: i64, done: WaitGroup): void {
  const buf = new Uint8Array(256);
  const back = new Uint8Array(256);
  while (now() < until) {
    const c = dial(address);
    if (!c) {
      fail("dial: " + lastError());
      return;
    }
    for (let i = 0; i < 50; i++) {
      const n = 1 + ((seed * 31 + i * 17) & 127);
      buf.fill(<u8>(seed + i), 0, n);
      if (c.write(buf.subarray(0, n)) != n) fail("write");
      let got = 0;
      while (got < n) {
        const k = c.read(back.subarray(got, n));
        if (k <= 0) fail("read");
        got += k;
      }
      if (back[0] != <u8>(seed + i) || back[n - 1] != <u8>(seed + i)) fail("an answer");
      answered.add(1);
    }
    c.close();
    seed++;
  }
  done.done();
}

/** Work that is given up: a child waits for what never comes, or for the deadline. */
function givenUp(until: i64, done: WaitGroup): void {
  let n = 0;
  while (now() < until) {
    const never = new Chan<i32>();
    const ctx = (n & 1) == 0 ? withTimeout(background(), 2 * Millisecond) : withCancel(background());
    const ended = new Chan<i32>(1);
    go(() => {
      const s = new Select();
      s.recv(never);
      s.recv(ctx.done());
      ended.send(s.wait());
    });
    if ((n & 1) != 0) ctx.cancel();
    if (ended.recv() != 1) fail("what was given up went on");
    ctx.cancel();
    cancelled.add(1);
    n++;
  }
  done.done();
}

/** Maps of texts and closures that are filled and thinned out. */
function books(seed: i32, until: i64, done: WaitGroup): void {
  const table = new Map<string, () => i32>();
  let n = seed;
  while (now() < until) {
    for (let i = 0; i < 200; i++, n++) {
      const kept = n;
      table.set("key" + n.toString(), () => kept * 2);
      const old = "key" + (n - 1000).toString();
      if (table.has(old)) {
        if (table.get(old)() != (n - 1000) * 2) fail("a closure");
        table.delete(old);
      }
    }
    gosched();
  }
  done.done();
}

/** Timers that fire, are stopped, and are left to fire when nobody waits. */
function clocks(until: i64, done: WaitGroup): void {
  const ticker = new Ticker(3 * Millisecond);
  while (now() < until) {
    ticker.chan.recv();
    for (let i = 0; i < 20; i++) {
      const t = afterFunc(<i64>i * Millisecond, () => {
        fired.add(1);
      });
      if ((i & 1) != 0) t.stop();
    }
    after(50 * Millisecond);
  }
  ticker.stop();
  done.done();
}

export function main(): void {
  const given = args();
  const seconds = given.length > 0 ? I32.parseInt(given[0]) : 5;
  const l = listen("tcp://127.0.0.1:0");
  if (!l) {
    fail("listen: " + lastError());
    return;
  }
  go(() => {
    while (true) {
      const c = l.accept();
      if (!c) return;
      go(serve(c));
    }
  });
  const until = now() + <i64>seconds * Second;
  const done = new WaitGroup();
  done.add(28);
  for (let i = 0; i < 16; i++) go(client(l.addr, i, until, done));
  for (let i = 0; i < 4; i++) go(givenUp(until, done));
  for (let i = 0; i < 4; i++) go(books(i * 1_000_000, until, done));
  for (let i = 0; i < 4; i++) go(clocks(until, done));
  done.wait();
  l.close();
  for (let i = 0; i < 200 && numGoroutine() > 1; i++) sleep(10 * Millisecond);
  if (numGoroutine() > 1) fail(numGoroutine().toString() + " goroutines are left");
  println(
    `ok: ${answered.load()} answers, ${recovered.load()} recovered, ${cancelled.load()} given up, ${fired.load()} fired`,
  );
}
