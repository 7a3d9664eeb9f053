import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode } from "../../host/remote/codec/decode.js";
import { encode } from "../../host/remote/codec/encode.js";

const there = <T>(value: T): T => decode(encode(value)) as T;

describe("the codec of messages between machines", () => {
  it("carries what structured clone does, as structured clone does", () => {
    const shared = { a: 1 };
    const circular: { self?: unknown; list: unknown[] } = { list: [shared, shared] };
    circular.self = circular;
    const sparse = [1, , 3]; // eslint-disable-line no-sparse-arrays -- that is what is tested
    Object.assign(sparse, { extra: "x" });
    const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
    const views = [
      new Uint8Array(buffer, 2, 3),
      new DataView(buffer, 4),
      new Int32Array(buffer),
      new BigInt64Array(buffer),
    ];
    const values: unknown[] = [
      undefined,
      null,
      true,
      false,
      0,
      -0,
      NaN,
      Infinity,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 31,
      2 ** 53,
      -1.5,
      0n,
      -(2n ** 70n),
      "",
      "short",
      "ünïcode \u{1f600}",
      "half \ud800 of a pair",
      "long ".repeat(1000),
      new Date(123),
      /a(b)?/giu,
      new Map<unknown, unknown>([
        ["a", 1],
        [{ k: 1 }, new Set([1, "2", [3]])],
      ]),
      [[], {}, [undefined, null]],
      sparse,
      Object.assign(Object.create(null) as object, { bare: 1 }),
      new (class Point {
        x = 1;
        y = 2;
      })(),
      Object(5),
      Object("text"),
      Object(true),
      JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
      circular,
      { views, buffer },
      new Float64Array([1.5, NaN]),
    ];
    for (const value of values) assert.deepEqual(there(value), structuredClone(value));
    const arrived = there<typeof circular>(circular);
    assert.equal(arrived.self, arrived);
    assert.equal(arrived.list[0], arrived.list[1]);
    const { views: seen, buffer: one } = there({ views, buffer });
    for (const view of seen) assert.equal(view.buffer, one);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it("carries of a Buffer what it shows, and nothing of its pool", () => {
    const bytes = there(Buffer.from("part of a pool"));
    assert.equal(Buffer.from(bytes).toString(), "part of a pool");
    assert.equal(bytes.buffer.byteLength, 14);
  });

  it("carries errors with their class, name, code, cause and stack", () => {
    class OwnError extends TypeError {
      override name = "OwnError";
      code = "E_OWN";
      unsendable = (): void => undefined;
    }
    const error = there(new OwnError("what happened", { cause: new AggregateError([new RangeError("one")], "many") }));
    assert(error instanceof TypeError);
    assert.deepEqual([error.name, error.message, error.code], ["OwnError", "what happened", "E_OWN"]);
    assert.match(error.stack ?? "", /codec\.test/);
    assert.match(String(error.unsendable), /could not be cloned/);
    const cause = error.cause as AggregateError;
    assert(cause instanceof AggregateError && cause.errors[0] instanceof RangeError);
    const abort = there(new DOMException("stop", "AbortError"));
    assert(abort instanceof DOMException && abort.name === "AbortError");
  });

  it("refuses what cannot travel, and says what it is and where", () => {
    const refused: [unknown, RegExp][] = [
      [{ options: { callback: () => 1 } }, /\(at value\.options\.callback\)/],
      [Symbol("s"), /Symbol\(s\)/],
      [[new SharedArrayBuffer(8)], /other machines do not share this one's memory \(at value\[0\]\)/],
      [{ later: Promise.resolve() }, /await it first/],
      [new Proxy({}, {}), /Proxy/],
    ];
    for (const [value, message] of refused) assert.throws(() => encode(value), { name: "DataCloneError", message });
    let deep: unknown = 0;
    for (let i = 0; i < 5000; i++) deep = [deep];
    assert.throws(() => encode(deep), { name: "DataCloneError", message: /nested more than/ });
    // After a refusal the next value is written as if nothing had been.
    assert.deepEqual(there({ a: [1] }), { a: [1] });
  });

  it("makes of bytes that are none of its own an error, whatever they are", () => {
    const good = encode({ list: [1, "two", new Map([[3n, new Uint8Array(9)]])], error: new Error("x") });
    let seed = 1;
    const random = (n: number): number => (seed = (seed * 48271) % 2147483647) % n;
    for (let i = 0; i < 3000; i++) {
      const bytes = good.slice(0, random(3) === 0 ? random(good.length) : good.length);
      for (let k = random(4); k >= 0 && bytes.length > 0; k--) bytes[random(bytes.length)] = random(256);
      try {
        decode(bytes);
      } catch (error) {
        assert(error instanceof Error);
      }
    }
    assert.throws(() => decode(new Uint8Array([255])), { name: "DamagedError", message: /damaged message/ });
  });
});
