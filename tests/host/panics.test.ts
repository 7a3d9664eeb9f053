import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeadlockError, FatalError, fatalError, formatStack, GoPanic } from "../../host/base/errors.js";
import { ProgramPanic } from "../../host/program/stops.js";
import { panicMessage } from "../../host/program/panics.js";
import binaryen from "binaryen";

/** Runs a function of one wasm instruction and gives what it throws. */
function trap(body: string): unknown {
  const module = binaryen.parseText(`(module (memory 1) (table 1 funcref) (type $t (func))
    (func $f (export "f") (param i32) (result i32) ${body}))`);
  const bytes = module.emitBinary();
  module.dispose();
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>)).exports;
  try {
    (f as (n: number) => number)(0);
  } catch (thrown) {
    return thrown;
  }
  return assert.fail("it did not trap");
}

describe("panics in Go's words", () => {
  for (const [body, message] of [
    ["(i32.div_s (i32.const 1) (local.get 0))", "runtime error: integer divide by zero"],
    ["(i32.rem_u (i32.const 1) (local.get 0))", "runtime error: integer divide by zero"],
    ["(i32.div_s (i32.const -2147483648) (i32.sub (local.get 0) (i32.const 1)))", "runtime error: integer overflow"],
    ["(i32.load (i32.const -4))", "runtime error: invalid memory address or nil pointer dereference"],
    [
      "(call_indirect (type $t) (local.get 0)) (i32.const 1)",
      "runtime error: invalid memory address or nil pointer dereference",
    ],
    [
      "(call_indirect (type $t) (i32.const 9)) (i32.const 1)",
      "runtime error: invalid memory address or nil pointer dereference",
    ],
    ["(i32.add (call $f (local.get 0)) (i32.const 1))", "runtime error: stack overflow"],
    ["(i32.trunc_f64_s (f64.const 1e300))", "runtime error: float does not fit the integer type"],
    ["(unreachable)", "runtime error: unreachable"],
  ] as const) {
    it(`${body} is ${message}`, () => assert.equal(panicMessage(trap(body)), message));
  }

  it("keeps a program's own words, and translates those of its library", () => {
    assert.equal(panicMessage(new ProgramPanic("my words")), "my words");
    assert.equal(panicMessage(new ProgramPanic("Index out of range")), "runtime error: index out of range");
  });

  it("leaves what is no failure of the program alone", () => {
    assert.equal(panicMessage(new TypeError("x is not a function")), undefined);
    assert.equal(panicMessage(new RangeError("Invalid array length")), undefined);
  });

  it("prints as Go does", () => {
    const panic = new GoPanic("boom", 7n, [{ name: "main.f", location: "a.ts:1:2" }]);
    assert.equal(panic.report, "panic: boom\n\ngoroutine 7 [running]:\nmain.f(...)\n\ta.ts:1:2\n");
    const created = new GoPanic("boom", 7n, panic.frames, 3n);
    assert.equal(created.report, panic.report + "created in goroutine 3\n");
  });

  it("cuts a stack that is longer than a screen", () => {
    const text = formatStack(1n, new Array(100).fill({ name: "f", location: "a.ts:1:2" }));
    assert.ok(text.split("\n").length < 24);
    assert.match(text, /additional frames elided/);
  });

  it("tells deadlocks from other fatal errors", () => {
    const deadlock = fatalError("fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select]:\n");
    assert.ok(deadlock instanceof DeadlockError);
    assert.equal(deadlock.message, "fatal error: all goroutines are asleep - deadlock!");
    const memory = fatalError("fatal error: out of memory");
    assert.ok(memory instanceof FatalError && !(memory instanceof DeadlockError));
    assert.equal(memory.report, "fatal error: out of memory\n");
  });
});
