/** What a trace calls the functions of goroutines, and what they wait for. */
import { FunctionKind, TraceFunction } from "../abi/enums.js";
import { JsFunction } from "../abi/records.js";
import type { Core } from "../abi/core.js";
import type { Memory } from "../base/memory.js";
import { takeText } from "../program/notes.js";
import type { Stacks } from "../program/stacks.js";

/** How a function's source begins, where it has a name. */
const NAMED = /^(?:async\s+)?(?:function\s*\*?\s*)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*\(/u;
const KEYWORDS = new Set(["function", "async"]);

export class Names {
  private readonly known = new Map<string, string>();
  private readonly reasons = new Map<number, string>();

  constructor(
    private readonly core: Core,
    private readonly memory: Memory,
    private readonly stacks: Stacks,
  ) {}

  /** The name of the function that an event has in `extra`; `kind` is TraceFunction.Js or TraceFunction.Wasm. */
  functionName(kind: number, extra: number): string {
    const key = `${kind}:${extra}`;
    let name = this.known.get(key);
    if (name === undefined) {
      name = kind === TraceFunction.Js ? this.ofJavaScript(extra) : this.ofWasm(extra);
      this.known.set(key, name);
    }
    return name;
  }

  /** What a WaitReason of the core means. */
  waitReason(reason: number): string {
    let text = this.reasons.get(reason);
    if (text === undefined) {
      text = takeText(this.core, this.memory, this.core.waitReason(reason));
      this.reasons.set(reason, text);
    }
    return text;
  }

  private ofJavaScript(block: number): string {
    const { memory } = this;
    const { kind, length1: first, length2: second } = memory.fn(block);
    if (kind === FunctionKind.Module) {
      return memory.utf8(block + JsFunction.SIZE + first, second);
    }
    const name = NAMED.exec(memory.utf8(block + JsFunction.SIZE, first).replace(/^[\s(]*/, ""))?.[1];
    return name === undefined || KEYWORDS.has(name) ? "anonymous function" : name;
  }

  private ofWasm(index: number): string {
    // The runtime's own functions, such as the one that runs main, are in no namespace of the program's.
    return this.stacks.nameInTable(index)?.replace(/^\./, "") ?? `function ${index}`;
  }
}
