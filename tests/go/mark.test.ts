import assert from "node:assert/strict";
import { it } from "node:test";
import { Memory } from "../../host/base/memory.js";
import { Mark } from "../../host/go/mark.js";

it("passes on every argument of the core's functions, in JavaScript's name and in the core's", () => {
  const memory = new Memory(new WebAssembly.Memory({ initial: 256, maximum: 256, shared: true }));
  const mark = new Mark(memory, 1);
  const init = (...args: number[]): number[] => args;
  const core = mark.crossing({ init } as never) as unknown as { init: typeof init };
  assert.deepEqual(core.init(1, 2, 3, 4, 5, 6), [1, 2, 3, 4, 5, 6]);
  mark.enter(5);
  assert.deepEqual(core.init(1, 2, 3, 4, 5, 6), [1, 2, 3, 4, 5, 6]);
  assert.equal(mark.current, 5);
});
