import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Heap } from "./heap.js";

/** Sends `value` three times (its shape is written the second time) and checks that nothing is left. */
function trip<T>(value: T, heap = new Heap()): T {
  const first = heap.trip(value);
  heap.trip(value);
  const before = heap.blocks.size;
  const result = heap.trip(value) as T;
  assert.equal(inspect(result, { depth: null }), inspect(first, { depth: null }));
  assert.equal(heap.blocks.size, before, "blocks are left");
  return result;
}

function dataCloneError(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DOMException);
    assert.equal(error.name, "DataCloneError");
    assert.match(error.message, message);
    return true;
  };
}

describe("a slot", () => {
  const constants = [undefined, null, true, false, 0, -0, 1, -1, 1.5, 2 ** 53, -(2 ** 31), 1e-310, Infinity];
  for (const value of [...constants, -Infinity, NaN, Number.MIN_VALUE, Number.MAX_VALUE, -1e300]) {
    it(`holds ${Object.is(value, -0) ? "-0" : String(value)}`, () => {
      const heap = new Heap();
      const at = heap.alloc(8) >>> 0;
      heap.codec.encode(value, at);
      assert.equal(heap.blocks.size, 1, "no block is needed");
      assert.ok(Object.is(heap.codec.decode(at), value));
    });
  }

  it("holds a number as its own bits", () => {
    const heap = new Heap();
    const at = heap.alloc(8) >>> 0;
    heap.codec.encode(-12.25, at);
    assert.equal(heap.memory.data.getFloat64(at, true), -12.25);
  });

  it("reads any NaN that wasm may produce as NaN", () => {
    const heap = new Heap();
    const at = heap.alloc(8) >>> 0;
    for (const bits of [
      0x7ff8000000000000n,
      0xfff8000000000000n,
      0x7ff8000000000001n,
      0x7fffffffffffffffn,
      0xfff0000000000001n,
    ]) {
      heap.memory.data.setBigUint64(at, bits, true);
      assert.ok(Number.isNaN(heap.codec.decode(at)), bits.toString(16));
    }
  });

  it("writes every NaN as the canonical one", () => {
    const heap = new Heap();
    const at = heap.alloc(8) >>> 0;
    const strange = new Float64Array(new BigUint64Array([0xfffb000000000123n]).buffer)[0];
    heap.codec.encode(strange, at);
    assert.equal(heap.memory.data.getBigUint64(at, true), 0x7ff8000000000000n);
  });

  for (const text of ["", "a", "ab", "abc", "abcd", "abcde", "\u00ff\u0000\u0080"]) {
    it(`holds the text ${JSON.stringify(text)} without a block`, () => {
      const heap = new Heap();
      const at = heap.alloc(8) >>> 0;
      heap.codec.encode(text, at);
      assert.equal(heap.blocks.size, 1);
      assert.equal(heap.codec.decode(at), text);
    });
  }
});

describe("a text", () => {
  for (const [name, text] of [
    ["of six characters", "abcdef"],
    ["beyond Latin-1", "aΩ"],
    ["with a lone surrogate", "a\ud800b"],
    ["with emoji", "😀".repeat(100)],
    ["of a page", "x\u00e9".repeat(5000)],
    ["of a page beyond Latin-1", "Ω".repeat(5000) + "\udfff"],
    ["with its only wide character at the end", "a".repeat(100) + "\u0100"],
    ["with control characters", "\u0000\n\r\u2028".repeat(20)],
    ["of a megabyte", "0123456789abcdef".repeat(65536)],
  ] as const) {
    it(`${name} arrives`, () => assert.equal(trip(text), text));
    it(`${name} arrives inside an object`, () => assert.deepEqual(trip({ text }), { text }));
  }
});

describe("a bigint", () => {
  for (const value of [0n, 1n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, 2n ** 64n, -(2n ** 64n), 3n ** 1000n]) {
    it(`of ${value.toString().length} digits arrives${value < 0n ? ", negative" : ""}`, () => {
      assert.equal(trip(value), value);
    });
  }
});

describe("an object", () => {
  it("arrives with its properties in order", () => {
    const value = { b: 1, a: "two", 3: null, c: undefined, d: true, e: 2n };
    const result = trip(value);
    assert.deepEqual(result, value);
    assert.deepEqual(Object.keys(result), Object.keys(value));
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
  });

  it("arrives with any names", () => {
    const value = { "": 1, "a b": 2, Ω: 3, "'\"\\\n": 4, "\u2028": 5, constructor: 6, "\ud800": 7 };
    assert.deepEqual(trip(value), value);
  });

  it("arrives with a property __proto__ that is one", () => {
    const value = JSON.parse('{"__proto__": {"a": 1}, "b": 2}') as object;
    const result = trip(value);
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
    assert.deepEqual(Object.getOwnPropertyNames(result), ["__proto__", "b"]);
  });

  it("arrives on a thread that has not seen its shape", () => {
    const heap = new Heap();
    const value = { x: 1, y: { x: 2, y: 3 } };
    heap.trip(value);
    heap.trip(value);
    assert.deepEqual(heap.trip(value, undefined, heap.newCodec()), value);
  });

  it("loses what structured clone loses: prototype, symbols, hidden properties, getters", () => {
    class Point {
      x = 1;
      #hidden = 2;
      get sum(): number {
        return this.x + this.#hidden;
      }
    }
    const point = Object.assign(new Point(), { [Symbol("s")]: 1 });
    Object.defineProperty(point, "invisible", { value: 3, enumerable: false });
    Object.defineProperty(point, "got", { get: () => 4, enumerable: true });
    const result = trip(point);
    assert.equal(Object.getPrototypeOf(result), Object.prototype);
    assert.deepEqual(Reflect.ownKeys(result), ["x", "got"]);
    assert.deepEqual({ ...result }, { x: 1, got: 4 });
  });

  it("without a prototype arrives", () => {
    assert.deepEqual({ ...trip(Object.assign(Object.create(null), { a: 1 }) as object) }, { a: 1 });
  });

  it("whose names vary without end takes no memory for good", () => {
    const heap = new Heap();
    for (let i = 0; i < 20_000; i++) heap.trip({ [`name${i}`]: i });
    assert.equal(heap.blocks.size, 0);
    for (let i = 0; i < 6000; i++) for (let k = 0; k < 2; k++) heap.trip({ [`again${i}`]: i });
    assert.equal(heap.blocks.size, 1000);
  });

  it("of very many properties arrives", () => {
    const value = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`p${i}`, i]));
    assert.deepEqual(trip(value), value);
  });

  it("that holds itself arrives so", () => {
    interface Node {
      name: string;
      self?: Node;
      list: Node[];
    }
    const value: Node = { name: "a", list: [] };
    value.self = value;
    value.list.push(value, { name: "b", list: value.list });
    const result = trip(value);
    assert.equal(result.self, result);
    assert.equal(result.list[0], result);
    assert.equal(result.list[1]?.list, result.list);
  });

  it("met twice is one, and stays two otherwise, however many there are", () => {
    const parts = Array.from({ length: 100 }, (_, i) => ({ i }));
    const result = trip([...parts, ...parts.slice().reverse(), { i: 0 }]);
    for (let i = 0; i < 100; i++) assert.equal(result[i], result[199 - i]);
    assert.notEqual(result[200], result[0]);
    assert.deepEqual(result[200], { i: 0 });
  });

  it("whose getter throws passes that on and leaves nothing", () => {
    const heap = new Heap();
    const value = {
      bytes: new Uint8Array(5000),
      get broken(): number {
        throw new RangeError("no");
      },
    };
    assert.throws(() => heap.trip(value), RangeError);
    assert.throws(() => heap.trip(value), RangeError);
    assert.deepEqual(
      [...heap.blocks.values()].filter((size) => size > 1000),
      [],
    );
  });

  it("whose getter sends something else arrives", () => {
    const heap = new Heap();
    const value = {
      get inner(): unknown {
        return heap.trip({ deep: [1, 2, 3] });
      },
    };
    assert.deepEqual(heap.trip([value, value]), [{ inner: { deep: [1, 2, 3] } }, { inner: { deep: [1, 2, 3] } }]);
  });
});

describe("a value nested deeper than any stack", () => {
  class Node {
    constructor(
      readonly n: number,
      readonly next: unknown,
    ) {}
  }
  const kinds: [string, (n: number, inner: unknown) => unknown, (outer: never) => unknown][] = [
    ["objects", (n, inner) => ({ n, inner }), (outer: { inner: unknown }) => outer.inner],
    ["arrays", (n, inner) => [n, inner], (outer: unknown[]) => outer[1]],
    ["arrays with holes", (_n, inner) => Object.assign(new Array(3), [inner]), (outer: unknown[]) => outer[0]],
    ["instances", (n, inner) => new Node(n, inner), (outer: Node) => outer.next],
    ["maps", (n, inner) => new Map([[n, inner]]), (outer: Map<number, unknown>) => [...outer.values()][0]],
    ["sets", (_n, inner) => new Set([inner]), (outer: Set<unknown>) => [...outer][0]],
    ["dictionaries", (n, inner) => ({ [`k${n}`]: inner }), (outer: object) => Object.values(outer)[0] as unknown],
  ];
  const DEPTH = 20_000;
  for (const [name, wrap, unwrap] of kinds) {
    it(`arrives: ${name}`, () => {
      const heap = new Heap();
      let value: unknown = "innermost";
      for (let i = 0; i < DEPTH; i++) value = wrap(i, value);
      let arrived = heap.trip(value);
      for (let i = 0; i < DEPTH; i++) arrived = unwrap(arrived as never);
      assert.equal(arrived, "innermost");
    });
  }

  it("keeps identity and cycles", () => {
    const shared = { s: 1 };
    const root: Record<string, unknown> = { shared };
    let last = root;
    for (let i = 0; i < 1000; i++) last = last["inner"] = { shared, list: [shared, root] };
    const arrived = new Heap().trip(root) as Record<string, unknown>;
    let it = arrived;
    for (let i = 0; i < 1000; i++) {
      it = it["inner"] as never;
      assert.ok(it["shared"] === arrived["shared"] && (it["list"] as unknown[])[1] === arrived);
    }
  });

  it("is a DataCloneError, and nothing is left, if something at the bottom cannot be cloned", () => {
    const heap = new Heap();
    let value: unknown = [new Uint8Array(5000), () => 1];
    for (let i = 0; i < 1000; i++) value = [new Uint8Array(2000), value];
    assert.throws(() => heap.trip(value), { name: "DataCloneError" });
    assert.ok(heap.blocks.size <= 1, "only the slot is left");
  });

  it("arrives as far as there is a place for it: causes of errors", () => {
    let error = new Error("first");
    for (let i = 0; i < 5000; i++) error = new Error(`${i}`, { cause: error });
    let arrived: unknown = new Heap().trip(error);
    let depth = 0;
    for (; arrived instanceof Error; depth++) arrived = arrived.cause;
    assert.ok(depth > 100);
    assert.match(String(arrived), /too many causes/);
  });
});

describe("an array", () => {
  const long = Array.from({ length: 1000 }, (_, i) => i);
  for (const [name, value] of [
    ["empty", []],
    ["of everything", [1, "a", null, undefined, true, 5n, [], {}, -0, NaN]],
    ["long", long],
    ["nested", [[[[[1], 2], 3], 4], 5]],
    // eslint-disable-next-line no-sparse-arrays -- that is what is tested
    ["with holes", [1, , 3, ,]],
    ["long with holes", Object.assign([...long], { length: 1100 })],
    ["nothing but a length", new Array(70)],
    ["sparse", Object.assign([], { 4000000000: 1, length: 4294967295 })],
    ["with properties", Object.assign([1, 2], { index: 0, input: "x" })],
    ["long with properties", Object.assign([...long], { extra: { a: 1 } })],
  ] as [string, unknown[]][]) {
    it(`${name} arrives`, () => {
      const result = trip(value);
      assert.equal(result.length, value.length);
      assert.deepEqual(Object.entries(result), Object.entries(value));
      assert.ok(Array.isArray(result));
    });
  }

  it("long with one hole keeps it a hole", () => {
    const value = [...long];
    Reflect.deleteProperty(value, 500);
    const result = trip(value);
    assert.equal(500 in result, false);
    assert.equal(499 in result, true);
  });

  it("of a subclass arrives as an array", () => {
    class List extends Array<number> {}
    const result = trip(List.from([1, 2, 3]));
    assert.equal(Object.getPrototypeOf(result), Array.prototype);
    assert.deepEqual([...result], [1, 2, 3]);
  });
});

describe("the types that structured clone knows", () => {
  it("Date arrives, also an invalid one", () => {
    assert.deepEqual(trip(new Date(1234567890123)), new Date(1234567890123));
    assert.ok(Number.isNaN(trip(new Date(NaN)).getTime()));
  });

  it("Map and Set arrive in order, with keys of any type", () => {
    const key = { k: 1 };
    const map = new Map<unknown, unknown>([
      ["a", 1],
      [key, key],
      [NaN, new Set([1, "b", key])],
    ]);
    const result = trip({ map, key });
    assert.deepEqual(result.map, map);
    assert.equal(result.map.get(result.key), result.key);
    assert.deepEqual([...result.map.keys()], [...map.keys()]);
  });

  it("a Map that holds itself arrives so", () => {
    const map = new Map<string, unknown>();
    map.set("self", map);
    const result = trip(map);
    assert.equal(result.get("self"), result);
  });

  it("RegExp arrives, without its place", () => {
    const value = /a\/b(?<n>.)/giu;
    value.lastIndex = 3;
    const result = trip(value);
    assert.equal(String(result), String(value));
    assert.equal(result.lastIndex, 0);
  });

  it("wrapped primitives arrive as such", () => {
    const values = [new Number(-0), new String("text Ω"), new Boolean(false), Object(5n)];
    assert.deepEqual(trip(values), values);
  });

  for (const value of [
    new Uint8Array([1, 2, 255]),
    new Int8Array([-1]),
    new Uint8ClampedArray([255]),
    new Int16Array([-300]),
    new Uint16Array([65535]),
    new Int32Array([-(2 ** 31)]),
    new Uint32Array([2 ** 32 - 1]),
    new Float32Array([1.5, NaN]),
    new Float64Array([-0, 1e300]),
    new BigInt64Array([-(2n ** 63n)]),
    new BigUint64Array([2n ** 64n - 1n]),
    new Uint8Array(0),
    new Uint8Array(100_000).fill(7),
    new Float64Array(5000).fill(0.1),
  ]) {
    it(`${value.constructor.name} of ${value.length} arrives`, () => {
      assert.deepEqual(trip(value), value);
      assert.deepEqual(trip({ value }), { value });
    });
  }

  it("ArrayBuffer and DataView arrive", () => {
    const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
    assert.deepEqual(trip(buffer), buffer);
    const view = trip(new DataView(buffer, 2, 3));
    assert.equal(view.byteLength, 3);
    assert.equal(view.getUint8(0), 3);
  });

  it("views of one buffer share it afterwards", () => {
    const buffer = new ArrayBuffer(16);
    const result = trip({ a: new Uint8Array(buffer), b: new Int32Array(buffer, 4, 2), buffer });
    result.a[4] = 9;
    assert.equal(result.b[0], 9);
    assert.equal(result.b.byteOffset, 4);
    assert.equal(result.b.length, 2);
    assert.equal(result.a.buffer, result.buffer);
  });

  it("a Buffer arrives as a Uint8Array, without the pool that it lies in", () => {
    const result = trip({ text: Buffer.from("hello") }).text as Uint8Array;
    assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype);
    assert.equal(result.buffer.byteLength, 5);
    assert.equal(new TextDecoder().decode(result), "hello");
  });

  it("many Buffers and what is met again keep apart", () => {
    const buffers = Array.from({ length: 20 }, (_, i) => Buffer.from(`buffer ${i}`));
    const result = trip([...buffers, ...buffers]);
    for (let i = 0; i < 20; i++) {
      assert.equal(new TextDecoder().decode(result[i]), `buffer ${i}`);
      assert.equal(result[i + 20], result[i]);
    }
  });

  it("a byte array is a copy of its own", () => {
    const heap = new Heap();
    const bytes = new Uint8Array([1, 2, 3]);
    const result = heap.trip(bytes) as Uint8Array;
    bytes[0] = 9;
    heap.memory.bytes.fill(0, 0x8000_0100, 0x8000_1000);
    assert.deepEqual(result, new Uint8Array([1, 2, 3]));
    assert.ok(result.buffer instanceof ArrayBuffer);
  });

  it("a byte array of a resizable buffer keeps that", { skip: !("resize" in ArrayBuffer.prototype) }, () => {
    const Resizable = ArrayBuffer as unknown as new (
      n: number,
      options: object,
    ) => ArrayBuffer & { resize(n: number): void };
    const buffer = new Resizable(4, { maxByteLength: 8 });
    const arrived = trip(new Uint8Array(buffer));
    arrived.buffer.resize(8);
    assert.equal(arrived.length, 8);
  });

  it("the runtime's own memory is shared", () => {
    const heap = new Heap();
    const view = new Uint8Array(heap.memory.raw.buffer, 64, 8);
    const result = heap.trip({ view }) as { view: Uint8Array };
    assert.equal(result.view.buffer, heap.memory.raw.buffer);
    assert.equal(result.view.byteOffset, 64);
  });
});

describe("an error", () => {
  for (const error of [
    new Error("plain"),
    new TypeError("type"),
    new RangeError(""),
    new SyntaxError("s"),
    new EvalError("e"),
    new ReferenceError("r"),
    new URIError("u"),
  ]) {
    it(`of class ${error.name} keeps class, message and stack`, () => {
      const result = trip(error);
      assert.equal(result.constructor, error.constructor);
      assert.equal(result.message, error.message);
      assert.equal(result.stack, error.stack);
      assert.deepEqual(Object.keys(result), []);
    });
  }

  it("keeps cause and own properties", () => {
    const cause = Object.assign(new TypeError("inner"), { code: "E_INNER" });
    const error = Object.assign(new Error("outer", { cause }), { code: "E_OUTER", details: { at: [1, 2] } });
    const result = trip(error);
    assert.equal(result.code, "E_OUTER");
    assert.deepEqual(result.details, { at: [1, 2] });
    assert.ok(result.cause instanceof TypeError);
    assert.equal((result.cause as { code?: string }).code, "E_INNER");
    assert.deepEqual(Object.keys(result), ["code", "details"]);
  });

  it("tells a cause that is undefined from none", () => {
    assert.ok(Object.hasOwn(trip(new Error("x", { cause: undefined })), "cause"));
    assert.ok(!Object.hasOwn(trip(new Error("x")), "cause"));
  });

  it("keeps the name of its own class, and the class that it derives from", () => {
    class HttpError extends TypeError {
      override name = "HttpError";
      status = 404;
    }
    const result = trip(new HttpError("not found"));
    assert.equal(result.name, "HttpError");
    assert.equal(String(result), "HttpError: not found");
    assert.equal(result.status, 404);
    assert.ok(result instanceof TypeError);
  });

  it("keeps the errors of an AggregateError", () => {
    const result = trip(new AggregateError([new Error("a"), 5], "many"));
    assert.ok(result instanceof AggregateError);
    assert.equal((result.errors[0] as Error).message, "a");
    assert.equal(result.errors[1], 5);
  });

  it("arrives if it is a DOMException", () => {
    const result = trip(new DOMException("stop", "AbortError"));
    assert.ok(result instanceof DOMException);
    assert.equal(result.name, "AbortError");
    assert.equal(result.code, DOMException.ABORT_ERR);
  });

  it("that is its own cause arrives so", () => {
    const error = new Error("round");
    error.cause = error;
    const result = trip(error);
    assert.equal(result.cause, result);
  });

  it("arrives although a property of it cannot be cloned, which is described instead", () => {
    const shared = { a: 1 };
    const error = Object.assign(new Error("odd"), {
      toJSON: () => 1,
      request: { shared, bytes: new Uint8Array(5000), socket: () => 2 },
      after: shared,
      code: "E",
    });
    const result = trip(error);
    assert.equal(result.code, "E");
    assert.deepEqual(result.after, { a: 1 });
    assert.match(result.request as unknown as string, /could not be cloned/);
  });
});

describe("what cannot be cloned", () => {
  const cyclic: Record<string, unknown> = { f: (x: number) => x };
  cyclic["self"] = cyclic;
  for (const [name, value, message] of [
    ["a function", (x: number) => x, /=>/],
    ["a named function", function named() {}, /named/],
    ["a class", class A {}, /class A|A/],
    ["a symbol", Symbol("s"), /Symbol\(s\)/],
    ["a function in an object", { options: { callback: () => 1 } }, /at value.*\.options\.callback/],
    ["a function in an array", [1, [() => 1]], /at value.*\[1\]\[0\]/],
    ["a symbol in a Map", new Map([["a", Symbol("x")]]), /at value.*<entry 0>/],
    ["a function in a cycle", cyclic, /at value.*\.f/],
    ["a promise", Promise.resolve(), /#<Promise>/],
    ["a WeakMap", new WeakMap(), /#<WeakMap>/],
    ["a WeakSet", new WeakSet(), /#<WeakSet>/],
    ["a WeakRef", new WeakRef({}), /#<WeakRef>/],
    ["a proxy", new Proxy({}, {}), /could not be cloned/],
    ["a proxy of an array", new Proxy([], {}), /could not be cloned/],
    ["a proxy whose traps throw", new Proxy({}, { get: () => assert.fail(), ownKeys: () => assert.fail() }), /clone/],
    ["a generator", (function* () {})(), /could not be cloned/],
    ["an iterator of an array", [1][Symbol.iterator](), /could not be cloned/],
    ["an iterator of a Map", new Map().entries(), /could not be cloned/],
    ["a formatter of Intl", new Intl.NumberFormat(), /NumberFormat/],
    ["an AbortSignal", new AbortController().signal, /AbortSignal/],
    ["a stream", new ReadableStream(), /ReadableStream/],
    ["a URL", new URL("http://localhost/"), /URL/],
    ["a TextEncoder", new TextEncoder(), /TextEncoder/],
    ["a memory of WebAssembly that is not shared", new WebAssembly.Memory({ initial: 1 }), /Memory/],
    ["a wrapped symbol", Object(Symbol("w")), /could not be cloned/],
    ["a message port that is not transferred", new MessageChannel().port1, /MessagePort/],
    ["a SharedArrayBuffer that nothing carries", new SharedArrayBuffer(8), /SharedArrayBuffer/],
  ] as [string, unknown, RegExp][]) {
    it(`${name} is a DataCloneError, and nothing is left`, () => {
      const heap = new Heap();
      const at = heap.alloc(8) >>> 0;
      const mixed = { bytes: new Uint8Array(5000), value };
      let left = 0;
      for (let i = 0; i < 3; i++) {
        left = heap.blocks.size;
        assert.throws(() => heap.codec.encode(value, at), dataCloneError(message));
        assert.throws(() => heap.codec.encode(mixed, at), dataCloneError(message));
      }
      assert.equal(heap.blocks.size, left);
      assert.equal(heap.trip(5), 5);
      if (value instanceof MessagePort) value.close();
    });
  }
});

describe("a transferred ArrayBuffer", () => {
  it("arrives and is detached here", () => {
    const heap = new Heap();
    const bytes = new Uint8Array(100_000).fill(3);
    const result = heap.trip({ bytes }, [bytes.buffer]) as { bytes: Uint8Array };
    assert.equal(bytes.byteLength, 0);
    assert.deepEqual(result.bytes, new Uint8Array(100_000).fill(3));
  });

  it("is detached also if no value holds it, as with structuredClone", () => {
    const buffer = new ArrayBuffer(8);
    new Heap().trip(1, [buffer]);
    assert.equal(buffer.byteLength, 0);
  });

  it("stays if encoding fails", () => {
    const heap = new Heap();
    const buffer = new ArrayBuffer(8);
    assert.throws(() => heap.trip({ buffer, f: () => 1 }, [buffer]), dataCloneError(/=>/));
    assert.equal(buffer.byteLength, 8);
  });

  for (const [name, list] of [
    ["twice in the list", ((b) => [b, b])(new ArrayBuffer(8))],
    ["already detached", ((b) => (structuredClone(b, { transfer: [b] }), [b]))(new ArrayBuffer(8))],
    ["given as its view", [new Uint8Array(8)]],
    ["in fact a number", [5]],
    ["in fact shared", [new SharedArrayBuffer(8)]],
    ["in fact a plain object", [{}]],
  ] as [string, unknown[]][]) {
    it(`${name} is a DataCloneError`, () => {
      const heap = new Heap();
      assert.throws(() => heap.codec.encode({}, heap.alloc(8) >>> 0, list), dataCloneError(/transfer|detached/));
    });
  }

  it("that is detached already cannot be cloned", () => {
    const bytes = new Uint8Array(8);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    assert.throws(() => new Heap().trip({ bytes }), dataCloneError(/detached/));
  });
});

describe("drop", () => {
  for (const [name, value] of [
    ["a number", 5],
    ["a constant", null],
    ["a short text", "abc"],
    ["a long text", "x".repeat(100)],
    ["a byte array", new Uint8Array(5000)],
    ["a tree with large byte arrays", { a: [new Uint8Array(5000), { b: new Float64Array(5000) }], c: "text" }],
  ] as [string, unknown][]) {
    it(`of ${name} frees all that it owns`, () => {
      const heap = new Heap();
      const at = heap.alloc(8) >>> 0;
      heap.codec.encode(value, at);
      heap.codec.drop(at);
      assert.equal(heap.blocks.size, 1);
    });
  }
});
