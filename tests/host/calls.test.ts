import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { convertArgs, readResult, writeTask, type CallValue } from "../../host/runtime/calls.js";
import { SkeinError } from "../../host/base/errors.js";
import { Memory } from "../../host/base/memory.js";
import type { ExportInfo, ValueType } from "../../host/program/program.js";

function info(params: ValueType[], result: ValueType | null = null): ExportInfo {
  const offsets = params.map((_, i) => 8 + 8 * i);
  const resultOffset = 8 + 8 * params.length;
  return { thunk: 5, params, offsets, result, resultOffset, size: resultOffset + 8 };
}

/** Values that a type holds, with what comes back. */
const FITS: readonly (readonly [type: ValueType, given: CallValue, back: CallValue])[] = [
  ["i8", -128, -128],
  ["u8", 255, 255],
  ["i16", -32768, -32768],
  ["u16", 65535, 65535],
  ["i32", -2147483648, -2147483648],
  ["i32", 7n, 7],
  ["u32", 4294967295, 4294967295],
  ["isize", -1, -1],
  ["usize", 4294967295, 4294967295],
  ["i64", -(2n ** 63n), -(2n ** 63n)],
  ["i64", Number.MAX_SAFE_INTEGER, BigInt(Number.MAX_SAFE_INTEGER)],
  ["u64", 2n ** 64n - 1n, 2n ** 64n - 1n],
  ["f32", 0.5, 0.5],
  ["f64", -0.1, -0.1],
  ["f64", NaN, NaN],
  ["bool", true, true],
  ["bool", 0, false],
];

/** Values that a type does not hold. */
const REFUSED: readonly (readonly [type: ValueType, given: unknown])[] = [
  ["i8", 128],
  ["u8", -1],
  ["i16", 40000],
  ["u16", 65536],
  ["i32", 2147483648],
  ["i32", 0.5],
  ["i32", NaN],
  ["i32", "1"],
  ["u32", -1],
  ["i64", 2n ** 63n],
  ["i64", 2 ** 53],
  ["u64", -1n],
  ["f64", 1n],
  ["f32", undefined],
  ["bool", 2],
  ["bool", "true"],
];

describe("calls", () => {
  for (const [type, given, back] of FITS) {
    it(`${type} takes ${typeof given} ${given}`, () => {
      const layout = info([type], type);
      const memory = new Memory(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
      const view = memory.data;
      const [value] = convertArgs("f", layout, [given]);
      assert.ok(value !== undefined);
      writeTask(memory, 0, layout, [value]);
      assert.equal(view.getInt32(0, true), 5);
      assert.equal(view.getInt32(4, true), layout.size);
      assert.deepEqual(readResult(view, 0, { ...layout, resultOffset: 8 }), back);
    });
  }

  for (const [type, given] of REFUSED) {
    it(`${type} refuses ${typeof given} ${String(given)}`, () => {
      assert.throws(
        () => convertArgs("f", info(["f64", type]), [1, given]),
        (error: Error) => {
          assert.ok(error instanceof SkeinError);
          assert.match(error.message, /^argument 2 of f must be /);
          return true;
        },
      );
    });
  }

  it("counts arguments", () => {
    const wanted = new SkeinError("f takes 2 arguments (i32, f64), not 1");
    assert.throws(() => convertArgs("f", info(["i32", "f64"]), [1]), wanted);
    assert.throws(() => convertArgs("f", info(["i32"]), [1, 2]), new SkeinError("f takes 1 argument (i32), not 2"));
    assert.throws(() => convertArgs("f", info([]), [1]), new SkeinError("f takes 0 arguments (), not 1"));
  });

  it("has no result for void", () => {
    assert.equal(readResult(new DataView(new ArrayBuffer(16)), 0, info([])), undefined);
  });
});
