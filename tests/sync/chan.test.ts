import assert from "node:assert/strict";
import { after as afterAll, before, beforeEach, describe, it } from "node:test";
import { AbandonedError, after, Chan, ChanError, otherwise, recv, send } from "../../host/sync/index.js";
import { Rig } from "./rig.js";

let rt: Rig;
before(async () => {
  rt = await Rig.start();
});
afterAll(() => rt.close());
beforeEach(() => assert.equal(rt.held, 0, "an operation is left over"));

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether a promise is settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  await turn();
  await turn();
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)])) !== pending;
}

void AbandonedError;

describe("a channel", () => {
  it("with a buffer passes values in order, and each once", async () => {
    const ch = rt.chan<number>(3);
    for (const n of [1, 2, 3]) await ch.send(n);
    assert.equal(ch.length, 3);
    assert.equal(ch.capacity, 3);
    assert.deepEqual(
      [await ch.recv(), await ch.recv(), await ch.recv()].map((r) => r.value),
      [1, 2, 3],
    );
    assert.equal(ch.length, 0);
  });

  it("without a buffer makes the sender wait for its receiver", async () => {
    const ch = rt.chan<string>();
    const sent = ch.send("hello there");
    assert.equal(await settled(sent), false);
    assert.deepEqual(await rt.there(ch).recv(), { value: "hello there", ok: true });
    await sent;
  });

  it("makes a receiver wait for a sender", async () => {
    const ch = rt.chan<unknown>();
    const got = ch.recv();
    assert.equal(await settled(got), false);
    await rt.there(ch).send({ a: [1, { b: 2 }] });
    assert.deepEqual(await got, { value: { a: [1, { b: 2 }] }, ok: true });
  });

  it("serves those that wait in the order they came", async () => {
    const ch = rt.chan<number>(1);
    const sends = [1, 2, 3, 4, 5].map((n) => ch.send(n));
    const got: number[] = [];
    for (let i = 0; i < 5; i++) got.push((await ch.recv()).value!);
    assert.deepEqual(got, [1, 2, 3, 4, 5]);
    await Promise.all(sends);
    const receives = Array.from({ length: 4 }, () => ch.recv());
    for (let n = 1; n <= 4; n++) await ch.send(n);
    assert.deepEqual(
      (await Promise.all(receives)).map((r) => r.value),
      [1, 2, 3, 4],
    );
  });

  it("gives what is left after it was closed, then the end", async () => {
    const ch = rt.chan<number>(2);
    await ch.send(1);
    ch.close();
    assert.equal(ch.closed, true);
    assert.deepEqual(await ch.recv(), { value: 1, ok: true });
    assert.deepEqual(await ch.recv(), { value: undefined, ok: false });
    assert.deepEqual(ch.tryRecv(), { value: undefined, ok: false });
  });

  it("that is closed wakes all who wait to receive", async () => {
    const ch = rt.chan<number>();
    const waiting = [ch.recv(), ch.recv(), rt.there(ch).recv()];
    ch.close();
    for (const got of await Promise.all(waiting)) assert.deepEqual(got, { value: undefined, ok: false });
  });

  it("that is closed rejects all who wait to send, and whoever sends later, in Go's words", async () => {
    const ch = rt.chan<Uint8Array>();
    const sends = [ch.send(new Uint8Array(5000)), ch.send(new Uint8Array(1))];
    ch.close();
    for (const sent of sends) await assert.rejects(sent, { name: "ChanError", message: "send on closed channel" });
    await assert.rejects(ch.send(new Uint8Array(1)), ChanError);
    assert.throws(() => ch.trySend(new Uint8Array(1)), ChanError);
  });

  it("cannot be closed twice, but disposed of", () => {
    const ch = rt.chan();
    ch.close();
    assert.throws(() => ch.close(), { name: "ChanError", message: "close of closed channel" });
    ch[Symbol.dispose]();
    const other = rt.chan();
    other[Symbol.dispose]();
    assert.equal(other.closed, true);
  });

  it("sends and receives at once or not at all", () => {
    const ch = rt.chan<number>(1);
    assert.equal(ch.trySend(1), true);
    assert.equal(ch.trySend(2), false);
    assert.deepEqual(ch.tryRecv(), { value: 1, ok: true });
    assert.deepEqual(ch.tryRecv(), { value: undefined, ok: false });
  });

  it("is iterated until it is closed", async () => {
    const ch = rt.chan<number>(2);
    const all = (async () => {
      for (let i = 0; i < 2000; i++) await ch.send(i);
      ch.close();
    })();
    const got: number[] = [];
    for await (const n of rt.there(ch)) got.push(n);
    await all;
    assert.deepEqual(
      got,
      Array.from({ length: 2000 }, (_, i) => i),
    );
  });

  it("that is always full lets timers run while it is iterated", async () => {
    const ch = rt.chan<number>(5000);
    for (let i = 0; i < 5000; i++) ch.trySend(i);
    ch.close();
    let turns = 0;
    const count = (): void => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    let n = 0;
    for await (const _ of ch) n++;
    clearImmediate(immediate);
    assert.equal(n, 5000);
    assert.ok(turns >= 5);
  });

  it("carries channels", async () => {
    const ch = rt.chan<{ reply: Chan<string> }>(1);
    const reply = rt.chan<string>(1);
    await ch.send({ reply });
    const { value } = await rt.there(ch).recv();
    await value!.reply.send("back again");
    assert.deepEqual(await reply.recv(), { value: "back again", ok: true });
  });

  it("that comes back from another thread is the same channel", async () => {
    const ch = rt.chan<number>(1);
    const there = rt.there(rt.there(ch));
    assert.ok(there instanceof Chan);
    await there.send(4);
    assert.equal((await ch.recv()).value, 4);
  });

  it("refuses what cannot be cloned at the call, and goes on", async () => {
    const ch = rt.chan<unknown>(1);
    await assert.rejects(
      ch.send(() => 1),
      { name: "DataCloneError" },
    );
    assert.throws(() => ch.trySend(Symbol("x")), { name: "DataCloneError" });
    await ch.send(1);
    assert.equal((await ch.recv()).value, 1);
  });

  for (const capacity of [-1, 1.5, NaN, 2 ** 31, "3", null]) {
    it(`cannot have a capacity of ${String(capacity)}`, () => {
      assert.throws(() => rt.chan(capacity as number), RangeError);
    });
  }

  it("of numbers has them as goroutines in WebAssembly want them", async () => {
    const cases = [
      ["f64", [1.5, -0, NaN, Infinity]],
      ["i32", [0, -1, 2 ** 31 - 1, -(2 ** 31)]],
      ["i64", [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]],
    ] as const;
    for (const [type, values] of cases) {
      const ch = rt.chan<unknown>(4, { type });
      assert.equal(rt.there(ch).type, type);
      for (const value of values) {
        await ch.send(value);
        assert.ok(Object.is((await rt.there(ch).recv()).value, value), `${type} ${String(value)}`);
      }
    }
  });

  it("of a type refuses other values", async () => {
    for (const [type, value] of [
      ["f64", "1"],
      ["f64", 1n],
      ["i32", 1.5],
      ["i32", 2 ** 31],
      ["i32", -0],
      ["i64", 1],
      ["i64", 2n ** 63n],
      ["bytes", [1]],
      ["bytes", new Uint16Array(1)],
    ] as const) {
      if (Object.is(value, -0)) continue;
      await assert.rejects(rt.chan<unknown>(1, { type }).send(value), TypeError, `${type} ${String(value)}`);
    }
    assert.throws(() => rt.chan(1, { type: "f32" as "f64" }), TypeError);
  });

  it("of bytes copies them", async () => {
    const ch = rt.chan<Uint8Array>(2, { type: "bytes" });
    const bytes = new Uint8Array([1, 2, 3]);
    await ch.send(bytes);
    bytes[0] = 9;
    assert.deepEqual((await ch.recv()).value, new Uint8Array([1, 2, 3]));
    await ch.send(new Uint8Array(0));
    assert.deepEqual((await ch.recv()).value, new Uint8Array(0));
  });

  it("blocks no main thread", () => {
    const ch = rt.chan<number>();
    assert.throws(() => ch.recvSync(), /would block the main thread/);
    assert.throws(() => ch.sendSync(1), /would block the main thread/);
  });
});

describe("a wait on a channel that a signal ends", () => {
  it("has taken no value: the next receiver gets it", async () => {
    const ch = rt.chan<number>();
    const controller = new AbortController();
    const first = ch.recv({ signal: controller.signal });
    const second = ch.recv();
    controller.abort(new Error("enough"));
    await assert.rejects(first, /enough/);
    await ch.send(7);
    assert.deepEqual(await second, { value: 7, ok: true });
  });

  it("has sent nothing", async () => {
    const ch = rt.chan<string>();
    const controller = new AbortController();
    const first = ch.send("a long enough text", { signal: controller.signal });
    const second = ch.send("b");
    controller.abort();
    await assert.rejects(first, { name: "AbortError" });
    assert.equal((await ch.recv()).value, "b");
    await second;
  });

  it("rejects at once if the signal was aborted before, though a value is there", async () => {
    const ch = rt.chan<number>(1);
    await ch.send(1);
    await assert.rejects(ch.recv({ signal: AbortSignal.abort() }), { name: "AbortError" });
    assert.equal(ch.length, 1);
    await assert.rejects(ch.send(2, { signal: AbortSignal.abort() }), { name: "AbortError" });
  });

  it("keeps a value that came just before", async () => {
    const ch = rt.chan<number>();
    const controller = new AbortController();
    const got = ch.recv({ signal: controller.signal });
    void ch.send(5);
    controller.abort();
    assert.deepEqual(await got, { value: 5, ok: true });
  });

  it("leaves no listener behind", async () => {
    const ch = rt.chan<number>();
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
    for (let i = 0; i < 10; i++) {
      const got = ch.recv({ signal });
      await ch.send(i);
      await got;
    }
    assert.equal(listeners, 0);
  });
});

describe("select", () => {
  it("takes what is ready, and says which", async () => {
    const a = rt.chan<number>(1);
    const b = rt.chan<string>(1);
    await b.send("b");
    assert.deepEqual(await rt.select([recv(a), recv(b)]), { index: 1, value: "b", ok: true });
  });

  it("sends", async () => {
    const a = rt.chan<string>(1);
    assert.deepEqual(await rt.select([send(a, "a text that needs a block")]), { index: 0, value: undefined, ok: true });
    assert.equal((await a.recv()).value, "a text that needs a block");
  });

  it("waits until a case can proceed, and leaves the others", async () => {
    const a = rt.chan<number>();
    const b = rt.chan<unknown>();
    const selected = rt.select([recv(a), recv(b), send(a, 5)]);
    assert.equal(await settled(selected), false);
    await rt.there(b).send({ x: 1 });
    assert.deepEqual(await selected, { index: 1, value: { x: 1 }, ok: true });
    // Nobody waits on a any more.
    assert.equal(a.trySend(1), false);
    assert.deepEqual(a.tryRecv(), { value: undefined, ok: false });
  });

  it("waits to send", async () => {
    const a = rt.chan<string>();
    const b = rt.chan<string>();
    const selected = rt.select([recv(a), send(b, "to the receiver of b")]);
    assert.equal((await b.recv()).value, "to the receiver of b");
    assert.deepEqual(await selected, { index: 1, value: undefined, ok: true });
  });

  it("tells a closed channel", async () => {
    const a = rt.chan<number>();
    const selected = rt.select([recv(a)]);
    a.close();
    assert.deepEqual(await selected, { index: 0, value: undefined, ok: false });
    assert.deepEqual(await rt.select([recv(a), otherwise]), { index: 0, value: undefined, ok: false });
  });

  it("rejects if it sends on a closed channel, at once or later", async () => {
    const a = rt.chan<number>();
    const selected = rt.select([send(a, 1)]);
    a.close();
    await assert.rejects(selected, { message: "send on closed channel" });
    await assert.rejects(rt.select([send(a, 1)]), { message: "send on closed channel" });
    await assert.rejects(rt.select([send(a, 1), otherwise]), { message: "send on closed channel" });
  });

  it("does not wait if there is an otherwise", async () => {
    const a = rt.chan<number>();
    const selected = await rt.select([recv(a), send(a, 1), otherwise]);
    assert.deepEqual(selected, { index: 2, value: undefined, ok: false });
    const b = rt.chan<number>(1);
    await b.send(3);
    assert.deepEqual(await rt.select([recv(b), otherwise]), { index: 0, value: 3, ok: true });
  });

  it("gives up after a time, the shortest of several, and not before", async () => {
    const a = rt.chan<number>();
    const begun = performance.now();
    assert.deepEqual(await rt.select([after(5000), recv(a), after(20)]), { index: 2, value: undefined, ok: true });
    assert.ok(performance.now() - begun >= 20);
  });

  it("is not kept by a timer once it is over", async () => {
    const a = rt.chan<number>(1);
    const selected = rt.select([recv(a), after(60_000)]);
    await a.send(1);
    assert.equal((await selected).index, 0);
  });

  it("passes over a channel that is null", async () => {
    const a = rt.chan<number>(1);
    await a.send(1);
    assert.equal((await rt.select([recv(null), send(undefined, 1), recv(a)])).index, 2);
    assert.equal((await rt.select([recv(null), otherwise])).index, 1);
    assert.equal((await rt.select([recv(null), after(1)])).index, 1);
  });

  it("ends with its signal", async () => {
    const controller = new AbortController();
    const a = rt.chan<number>();
    const selected = rt.select([recv(a), send(a, 1)], { signal: controller.signal });
    controller.abort(new Error("stop"));
    await assert.rejects(selected, /stop/);
    assert.equal(a.trySend(1), false);
    await assert.rejects(rt.select([], { signal: controller.signal }), /stop/);
  });

  it("chooses at random among those that are ready", async () => {
    const a = rt.chan<number>(1000);
    const b = rt.chan<number>(1000);
    for (let i = 0; i < 1000; i++) {
      a.trySend(i);
      b.trySend(i);
    }
    let ofA = 0;
    for (let i = 0; i < 1000; i++) if ((await rt.select([recv(a), recv(b)])).index === 0) ofA++;
    assert.ok(ofA > 400 && ofA < 600, String(ofA));
  });

  it("gives back the memory of what it did not send", async () => {
    const a = rt.chan<Uint8Array>();
    const before = rt.core.numGoroutine();
    for (let i = 0; i < 20_000; i++) await rt.select([send(a, new Uint8Array(100_000)), otherwise]);
    assert.equal(rt.core.numGoroutine(), before);
  });

  it("refuses what is no case", async () => {
    await assert.rejects(rt.select([5 as never]), /case 0 of the select is none/);
    await assert.rejects(rt.select([recv({} as never)]), /none of a runtime's objects/);
    await assert.rejects(rt.select([after(NaN)]), RangeError);
    await assert.rejects(rt.select([otherwise, otherwise]), /one otherwise/);
    await assert.rejects(rt.select([send(rt.chan<unknown>(1), () => 1)]), { name: "DataCloneError" });
    const other = await Rig.start();
    await assert.rejects(rt.select([recv(other.chan())]), /another runtime/);
    other.close();
  });
});
