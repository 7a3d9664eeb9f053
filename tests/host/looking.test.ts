/** The library's objects, looked at by those who expected data. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import type * as Skein from "../../host/index.js";
import { EventLoop, Runner, serve, start, type Goroutine, type Runtime, type Server } from "../../host/index.js";

const SKEIN = new URL("../../../dist/index.js", import.meta.url).href;

interface Looked {
  readonly object: object;
  /** How it prints itself. */
  readonly line: RegExp;
  /** Whether it may be an argument of a goroutine. */
  readonly travels?: boolean;
}

let rt: Runtime;
let server: Server;
let folder: string;
let loop: EventLoop;
let going: Goroutine<number, never>;
const objects: Record<string, Looked> = {};

before(async () => {
  rt = await start({ procs: 1 });
  server = await serve({}, "tcp://127.0.0.1:0");
  folder = mkdtempSync(path.join(tmpdir(), "skein-looking-"));
  loop = new EventLoop();
  going = rt.go.with({ name: "resize" }, async () => new Promise<number>((resolve) => setTimeout(resolve, 200, 3)));
  const mutex = rt.mutex();
  const guard = await mutex.lock();
  const travels = true;
  Object.assign(objects, {
    goroutine: { object: going, line: /^Goroutine \{ id: \d+, status: '\w+', name: 'resize' \}$/ },
    "what a goroutine yields": { object: going[Symbol.asyncIterator](), line: /^Yields \{\}$/ },
    channel: {
      object: rt.chan(2),
      line: /^Chan \{ type: 'any', length: 0, capacity: 2, closed: false \}$/,
      travels,
    },
    mutex: { object: mutex, line: /^Mutex \{\}$/, travels },
    guard: { object: guard, line: /^Guard \{\}$/ },
    rwmutex: { object: rt.rwmutex(), line: /^RWMutex \{\}$/, travels },
    waitGroup: { object: rt.waitGroup(), line: /^WaitGroup \{\}$/, travels },
    semaphore: { object: rt.semaphore(2), line: /^Semaphore \{ free: 2, size: 2 \}$/, travels },
    once: { object: rt.once(), line: /^Once \{ done: false \}$/, travels },
    cond: { object: rt.cond(), line: /^Cond \{\}$/, travels },
    pool: { object: rt.pool(2), line: /^Pool \{ running: 0, size: 2 \}$/, travels },
    context: { object: rt.context(), line: /^Context \{ cancelled: false, deadline: undefined \}$/, travels },
    bytes: { object: rt.bytes(8), line: /^Bytes \{ length: 8 \}$/, travels },
    runtime: { object: rt, line: /^Runtime \{ procs: 1, goroutines: \d+ \}$/ },
    trace: { object: rt.trace({ file: path.join(folder, "trace.json") }), line: /^Trace \{\}$/ },
    server: { object: server, line: /^Server \{ addrs: \[ '[^']+' \], loops: 1 \}$/ },
    "event loop": { object: loop, line: /^<EventLoop / },
    "remote loop": { object: EventLoop.attach(loop.handle), line: /^RemoteLoop \{ isClosed: false \}$/ },
    runner: { object: new Runner(), line: /^Runner \{\}$/ },
    future: { object: loop.createFuture(), line: /^<Future pending>$/ },
    handle: { object: loop.callSoon(() => undefined), line: /^<Handle / },
  } satisfies Record<string, Looked>);
});

after(async () => {
  await server.close();
  await rt.close({ deadline: 0 });
  rmSync(folder, { recursive: true });
});

/** Everything that lists an object's properties gets to, as deep as it goes. */
function reached(object: object, seen = new Set<object>()): Set<object> {
  if (seen.has(object) || ArrayBuffer.isView(object)) return seen.add(object);
  seen.add(object);
  for (const value of Object.values(object))
    if (typeof value === "object" && value !== null) reached(value as object, seen);
  return seen;
}

describe("an object of the library", () => {
  it("prints itself in a line", () => {
    for (const { object, line } of Object.values(objects)) assert.match(inspect(object), line);
  });

  it("says in JSON what is to be done with it", () => {
    for (const [name, { object }] of Object.entries(objects)) {
      const { value } = JSON.parse(JSON.stringify({ value: object })) as { value: unknown };
      assert.ok(typeof value === "string" && value.includes(": ") && value.length < 200, `${name}: ${String(value)}`);
    }
    assert.match(JSON.stringify({ sum: going }), /await it to have its result/);
  });

  it("may be compared with what it is not", () => {
    for (const [name, { object }] of Object.entries(objects)) {
      assert.throws(
        () => assert.deepStrictEqual(object, 3),
        (error) => error instanceof assert.AssertionError && error.message.length < 1000,
        name,
      );
    }
  });

  it("shows no way to the memory behind it", () => {
    for (const [name, { object }] of Object.entries(objects)) {
      for (const each of reached(object))
        assert.ok(!ArrayBuffer.isView(each) && !(each instanceof SharedArrayBuffer), name);
    }
  });

  it("is an argument of a goroutine, or refused as one with a word on what to send", () => {
    for (const [name, { object, travels }] of Object.entries(objects)) {
      const send = (): unknown => rt.go((x: unknown) => typeof x, object);
      if (travels === true) assert.ok(send(), name);
      else assert.throws(send, { name: "DataCloneError", message: /could not be cloned: ./ }, name);
    }
  });

  it("does so in a goroutine", async () => {
    const seen = await rt.go(async (url) => {
      const { context, current } = (await import(url)) as typeof Skein;
      const { inspect } = await import("node:util");
      return [inspect(current()), inspect(context())];
    }, SKEIN);
    assert.match(seen.join(), /^Scope \{\},GoroutineContext \{ id: \d+, cancelled: false \}$/);
  });

  it("does so after its end", async () => {
    assert.equal(await going, 3);
    assert.match(inspect(going), /^Goroutine \{ id: \d+, status: 'done', name: 'resize' \}$/);
  });
});

describe("bytes", () => {
  it("may be let go of before they are collected", async () => {
    const bytes = rt.bytes(2 ** 20);
    const used = rt.stats().heapBytes;
    const there = rt.go((b) => b.view.fill(1).length, bytes);
    bytes[Symbol.dispose]();
    bytes[Symbol.dispose]();
    assert.throws(() => bytes.view, /disposed of/);
    assert.throws(() => rt.go((b) => b.length, bytes), /disposed of/);
    assert.equal(await there, 2 ** 20, "the goroutine has them");
    for (let i = 0; i < 100; i++) rt.bytes(2 ** 20)[Symbol.dispose]();
    assert.ok(rt.stats().heapBytes <= used + 2 ** 21, "they are freed at once");
  });
});
