/** Files that say they are programs. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { SkeinError } from "../../host/base/errors.js";
import { loadProgram } from "../../host/program/program.js";
import { concat, customSection, SECTION_CUSTOM, sections } from "../../host/program/wasm.js";

const core: Uint8Array<ArrayBuffer> = new Uint8Array(readFileSync(new URL("../../../dist/core.wasm", import.meta.url)));

/** The program with another text in place of its section "skein", or other bytes as its data. */
function crafted(text: string | undefined, data?: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [core.subarray(0, 8)];
  for (const { id, name, begin, end } of sections(core)) {
    if (id === SECTION_CUSTOM && name === "skein" && text !== undefined) {
      parts.push(customSection("skein", Buffer.from(text)));
    } else if (id !== SECTION_CUSTOM || name !== "skein.data" || data === undefined) {
      parts.push(core.subarray(begin, end));
    }
  }
  if (data !== undefined) parts.push(customSection("skein.data", data));
  return concat(parts);
}

function refusal(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return loadProgram(bytes, "it").then(
    () => assert.fail("it is taken for a program"),
    (error: unknown) => {
      assert.ok(error instanceof SkeinError, String((error as Error).stack));
      return error.message;
    },
  );
}

describe("a module", () => {
  it("whose description lacks something, or has nonsense, is refused by what is wrong", async () => {
    const { info } = await loadProgram(core, "core");
    const call = { thunk: 1, params: ["i32"], offsets: [8], result: null, resultOffset: 0, size: 16 };
    const wrong: readonly (readonly [change: object, member: string])[] = [
      [{ main: undefined }, "main"],
      [{ main: null }, "main"],
      [{ main: { thunk: -1 } }, "main"],
      [{ init: { thunk: "1" } }, "init"],
      [{ heapBase: 0 }, "heapBase"],
      [{ heapBase: 2 ** 33 }, "heapBase"],
      [{ exports: undefined }, "exports"],
      [{ exports: [] }, "exports"],
      [{ exports: { f: null } }, "f"],
      [{ exports: { f: { ...call, params: ["object"] } } }, "f"],
      [{ exports: { f: { ...call, offsets: [] } } }, "f"],
      [{ exports: { f: { ...call, offsets: [4000] } } }, "f"],
      [{ exports: { f: { ...call, size: 1e9 } } }, "f"],
      [{ exports: { f: { ...call, result: "f64", resultOffset: 12 } } }, "f"],
    ];
    for (const [change, member] of wrong) {
      const text = JSON.stringify({ ...info, ...change });
      assert.equal(await refusal(crafted(text)), `it is damaged: its section "skein" has no valid ${member}`, text);
    }
    for (const text of ["null", "5", "[]"]) assert.match(await refusal(crafted(text)), /ABI version undefined/);
    const { info: read } = await loadProgram(crafted(JSON.stringify({ ...info, exports: { f: call } })), "it");
    assert.deepEqual(read.exports["f"], call);
  });

  it("whose data is cut off, or would lie where the scheduler's is, is refused", async () => {
    const at = (address: number, length: number, bytes: number): Uint8Array =>
      Buffer.concat([Buffer.from(new Uint32Array([address, length]).buffer), Buffer.alloc(bytes, 1)]);
    assert.match(await refusal(crafted(undefined, at(6_560_000, 8, 4))), /is cut off/);
    assert.match(await refusal(crafted(undefined, Buffer.from([1, 2, 3]))), /is cut off/);
    assert.match(await refusal(crafted(undefined, at(1024, 8, 8))), /data that is not the program's/);
    assert.match(await refusal(crafted(undefined, at(2 ** 32 - 4, 8, 8))), /data that is not the program's/);
  });
});
