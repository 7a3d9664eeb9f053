import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { after as afterAll, before, describe, it } from "node:test";
import { type Chan, type Runtime, start } from "../../host/index.js";

const PROGRAM = `
import { Chan, eprintln, gc, go, gosched, memStats, Mutex, print, println, Select, ok } from "skein";

function speak(done: Chan<i32>): void {
  println("of a goroutine");
  done.send(1);
}

export function main(): void {
  const done = new Chan<i32>();
  print("one ");
  go(speak(done));
  done.recv();
  println("line");
  eprintln("error");
  print("unfinished");
}

export function produce(ch: Chan<f64>, n: i32): void {
  for (let i = 0; i < n; i++) ch.send(<f64>i / 2);
  ch.close();
}

export function sum(ch: Chan<i32>): i64 {
  let total: i64 = 0;
  for (let r = ch.range(); r.next(); ) total += r.value;
  return total;
}

function square(from: Chan<i64>, to: Chan<i64>): void {
  for (let r = from.range(); r.next(); ) to.send(r.value * r.value);
  to.close();
}

export function squares(from: Chan<i64>, to: Chan<i64>): void {
  go(square(from, to));
}

export function reverse(from: Chan<Uint8Array>, to: Chan<Uint8Array>): void {
  for (let r = from.range(); r.next(); ) {
    const bytes = new Uint8Array(r.value.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = r.value[bytes.length - 1 - i];
    to.send(bytes);
  }
  to.close();
}

let isOver = false;

function makeGarbage(): void {
  while (!isOver) {
    new Uint8Array(2_000_000);
    gosched();
  }
}

/** How many of what is received are not all of one byte, while garbage is made. */
export function torn(from: Chan<Uint8Array>): i32 {
  go(makeGarbage());
  let torn = 0;
  for (let r = from.range(); r.next(); ) {
    const bytes = r.value;
    let i = 1;
    while (i < bytes.length && bytes[i] == bytes[0]) i += 97;
    if (i < bytes.length) torn++;
  }
  isOver = true;
  return torn;
}

export function first(a: Chan<f64>, b: Chan<f64>): i32 {
  const select = new Select();
  select.recv(a);
  select.recv(b);
  return select.wait();
}

export function sendClosed(ch: Chan<f64>): void {
  ch.close();
  ch.send(1);
}

export function strings(ch: Chan<string>): void {}

function waitFor(ch: Chan<i32>): void {
  ch.recv();
}

function lock(mutex: Mutex): void {
  mutex.lock();
}

class Kept {
  number: i64 = 1;
  next: Kept | null = null;
}

class Dropped {
  number: i64 = 1;
  other: i64 = 2;
}

let kept: Kept | null = null;
let dropped: Dropped | null = null;

/** Objects of one size class by turns, of which one stays and the other does not. */
export function allocate(n: i32): void {
  for (let i = 0; i < n; i++) {
    const it = new Kept();
    it.next = kept;
    kept = it;
    dropped = new Dropped();
  }
}

export function forget(): void {
  kept = null;
}

export function collect(n: i32): void {
  for (let i = 0; i < n; i++) gc();
}

export function inUse(): i64 {
  gc();
  return memStats().heapLive;
}

export function leak(): void {
  go(waitFor(new Chan<i32>()));
  const mutex = new Mutex();
  mutex.lock();
  go(lock(mutex));
}
`;

let rt: Runtime;
const folder = mkdtempSync(path.join(tmpdir(), "skein-sync-"));
const program = path.join(folder, "channels.ts");
before(async () => {
  writeFileSync(program, PROGRAM);
  rt = await start({ program, procs: 2 });
});
afterAll(async () => {
  await rt.close();
  rmSync(folder, { recursive: true });
});

async function all<T>(ch: Chan<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of ch) values.push(value);
  return values;
}

describe("what a program prints", () => {
  it(
    "is written by the main thread where its write has been replaced",
    { skip: "deno" in process.versions && "Deno's console does not write by process.stdout" },
    async () => {
      const seen: string[] = [];
      const { stdout, stderr } = process;
      stdout.write = (chunk: Uint8Array) => seen.push(`out: ${Buffer.from(chunk).toString()}`) > 0;
      stderr.write = (chunk: Uint8Array) => seen.push(`err: ${Buffer.from(chunk).toString()}`) > 0;
      try {
        assert.equal(await rt.run(), 0);
      } finally {
        // What they were before: the streams' own.
        Reflect.deleteProperty(stdout, "write");
        Reflect.deleteProperty(stderr, "write");
      }
      assert.deepEqual(seen, ["out: of a goroutine\n", "out: one line\n", "err: error\n", "out: unfinished"]);
    },
  );
});

describe("a channel between JavaScript and WebAssembly", () => {
  it("brings numbers from a goroutine in WebAssembly", async () => {
    for (const capacity of [0, 1, 64]) {
      const ch = rt.chan<number>(capacity, { type: "f64" });
      const produced = rt.call("produce", ch, 1000);
      assert.deepEqual(
        await all(ch),
        Array.from({ length: 1000 }, (_, i) => i / 2),
      );
      await produced;
    }
  });

  it("takes numbers to one", async () => {
    const ch = rt.chan<number>(3, { type: "i32" });
    const sum = rt.call("sum", ch);
    for (let i = -1000; i <= 1001; i++) await ch.send(i);
    ch.close();
    assert.equal(await sum, 1001n);
  });

  it("connects a goroutine of JavaScript with one of WebAssembly", async () => {
    const from = rt.chan<bigint>(0, { type: "i64" });
    const to = rt.chan<bigint>(0, { type: "i64" });
    await rt.call("squares", from, to);
    const sent = rt.go(async (from) => {
      for (let i = 1n; i <= 300n; i++) await from.send(i << 20n);
      from.close();
    }, from);
    const got = await rt.go(async (to) => {
      let sum = 0n;
      for await (const n of to) sum += n;
      return sum;
    }, to);
    await sent;
    let wanted = 0n;
    for (let i = 1n; i <= 300n; i++) wanted += (i << 20n) ** 2n;
    assert.equal(got, wanted);
  });

  it("are freed once neither side has any use for them", async () => {
    const [pairs, most] = [50, 50_000];
    for (let i = 0; ; i++) {
      const from = rt.chan<bigint>(most, { type: "i64" });
      const to = rt.chan<bigint>(most, { type: "i64" });
      await rt.call("squares", from, to); // the goroutine that has them outlives the call
      await from.send(BigInt(i));
      from.close();
      assert.equal((await to.recv()).value, BigInt(i * i));
      if (i < 4 * pairs || i % pairs !== 0) continue;
      const [inUse, ofOnePair] = [Number(await rt.call("inUse")), 2 * 8 * most];
      if (inUse < 3 * pairs * ofOnePair) break;
      assert.ok(i < 40 * pairs, `${inUse / 1e6} MB are in use after ${i} pairs`);
    }
  });

  it("carries bytes", async () => {
    const from = rt.chan<Uint8Array>(1, { type: "bytes" });
    const to = rt.chan<Uint8Array>(1, { type: "bytes" });
    const done = rt.call("reverse", from, to);
    await from.send(new Uint8Array([1, 2, 3]));
    assert.deepEqual((await to.recv()).value, new Uint8Array([3, 2, 1]));
    from.close();
    assert.equal((await to.recv()).ok, false);
    await done;
  });

  it("carries bytes that threads make while objects are collected", async () => {
    process.env.SKEIN_DEBUG = "gcstress=1";
    await using rt = await start({ program, procs: 2 });
    delete process.env.SKEIN_DEBUG;
    const ch = rt.chan<Uint8Array>(8, { type: "bytes" });
    const torn = rt.call("torn", ch);
    await rt.go(async (ch) => {
      for (let i = 0; i < 40; i++) await ch.send(new Uint8Array(8_000_000).fill(i));
      ch.close();
    }, ch);
    assert.equal(await torn, 0);
  });

  it("is selected on in WebAssembly", async () => {
    const a = rt.chan<number>(0, { type: "f64" });
    const b = rt.chan<number>(0, { type: "f64" });
    const first = rt.call("first", a, b);
    await b.send(5);
    assert.equal(await first, 1);
  });

  it("panics in WebAssembly as in Go", async () => {
    const ch = rt.chan<number>(1, { type: "f64" });
    await assert.rejects(rt.call("sendClosed", ch), { name: "GoPanic", message: "send on closed channel" });
  });

  it("must have the type of the parameter, and be this runtime's", async () => {
    await assert.rejects(
      rt.call("produce", rt.chan<number>(1), 1),
      /made with \{ type: "f64" \}, not a channel of type "any"/,
    );
    await assert.rejects(rt.call("produce", rt.chan<number>(1, { type: "i32" }), 1), /type: "f64"/);
    await assert.rejects(rt.call("produce", 5, 1), /argument 1 of produce must be a channel/);
    const other = await start({ procs: 1 });
    await assert.rejects(rt.call("produce", other.chan<number>(1, { type: "f64" }), 1), /another runtime/);
    await other.close();
  });

  it("is not offered for exports whose channels carry anything else", async () => {
    assert.ok(!rt.exports.includes("strings"));
    await assert.rejects(rt.call("strings", 1), /exports no function strings/);
  });
});

describe("the goroutines of a program that are leaked", () => {
  it("are named while it runs, and those that JavaScript can wake are not", async () => {
    assert.deepEqual(await rt.leaks(), []);
    const ch = rt.chan<number>(0, { type: "i32" });
    const sum = rt.call("sum", ch);
    await rt.call("leak");
    let leaked = await rt.leaks();
    for (let i = 0; i < 100 && leaked.length < 2; i++) leaked = await rt.leaks();
    const [first, second] = leaked;
    assert.deepEqual(
      leaked.map(({ name, waitingFor }) => [name, waitingFor]),
      [
        ["waitFor", "chan receive"],
        ["lock", "sync.Mutex.Lock"],
      ],
    );
    assert.match(first?.stack?.[0] ?? "", /^waitFor \(.*channels\.ts:\d+:\d+\)$/);
    assert.ok(first?.createdBy !== undefined && first.createdBy === second?.createdBy && first.id < second.id);
    assert.deepEqual(await Promise.all([rt.leaks(), rt.leaks()]), [leaked, leaked], "they stay so");
    ch.close();
    assert.equal(await sum, 0n);
  });

  it("are asked for in vain once the runtime is closed, and while it is being closed", async () => {
    const other = await start({ procs: 1 });
    const asked = other.leaks().then(
      (leaked) => leaked.length,
      (error: Error) => error.message,
    );
    await other.close();
    assert.ok([0, "the runtime was closed"].includes(await asked));
    await assert.rejects(other.leaks(), { name: "SkeinError", message: "the runtime was closed" });
  });
});

describe("a collection", () => {
  it("waits while the world is stopped for something else", async () => {
    let dumped = "";
    const { stderr } = process;
    const write = stderr.write.bind(stderr);
    stderr.write = (text: string | Uint8Array) => {
      dumped += String(text);
      return true;
    };
    try {
      const collecting = Promise.all(Array.from({ length: 8 }, () => rt.call("collect", 20)));
      for (let i = 0; i < 8; i++) {
        rt.procs = 1 + (i % 3);
        await Promise.all([rt.dump(), rt.leaks(), rt.heapProfile()]);
      }
      await collecting;
    } finally {
      stderr.write = write;
      rt.procs = 2;
    }
    if (!("deno" in process.versions)) assert.match(dumped, /goroutine \d+/);
  });
});

describe("a heap profile", () => {
  it("counts all that is live of each class", async () => {
    await rt.call("allocate", 1000);
    const { types, sites, sampleBytes } = await rt.heapProfile();
    const counted = (name: string) => types.find((type) => type.name === name);
    assert.deepEqual(counted("Kept"), { name: "Kept", objects: 1000, bytes: 32_000 });
    assert.deepEqual(counted("Dropped"), { name: "Dropped", objects: 1, bytes: 32 });
    assert.deepEqual([sites, sampleBytes], [[], 0]);
    await rt.call("forget");
    const later = await rt.heapProfile();
    assert.ok(!later.types.some(({ name }) => name === "Kept"));
  });

  it("says where objects were allocated, and how much of that is live", async () => {
    process.env["SKEIN_DEBUG"] = "heapprofile=4096";
    const sampled = await start({ program, procs: 2 });
    delete process.env["SKEIN_DEBUG"];
    await sampled.call("allocate", 100_000);
    // Some 780 samples of either class: a fifth is more than five standard deviations.
    const isAbout = (value: number, wanted: number) => Math.abs(value - wanted) < wanted / 5;
    const siteOf = async (name: string) =>
      (await sampled.heapProfile()).sites.find(({ stack }) => stack[0]?.startsWith(`${name} (`));
    const kept = await siteOf("Kept.constructor");
    assert.ok(kept !== undefined && isAbout(kept.liveBytes, 3_200_000) && isAbout(kept.liveObjects, 100_000));
    assert.equal(kept.liveBytes, kept.allocatedBytes);
    assert.match(kept.stack[1] ?? "", /^allocate \(.*channels\.ts:\d+:\d+\)$/);
    const dropped = await siteOf("Dropped.constructor");
    assert.ok(dropped !== undefined && isAbout(dropped.allocatedObjects, 100_000) && dropped.liveObjects <= 128);
    await sampled.call("forget");
    const gone = await siteOf("Kept.constructor");
    assert.deepEqual([gone?.liveBytes, gone?.allocatedBytes], [0, kept.allocatedBytes]);
    await sampled.close();
  });
});
