/**
 * Functions on their way to other threads. A function is written to shared memory once, as its source text or as the name of a
 * module's export; goroutines refer to that block, and each thread compiles or imports it once.
 *
 * Guarantees: equal sources share a block, so functions made in a loop take no more memory than one; what a function would
 * miss on another thread is an error here, at the call, that names it.
 */
import { FunctionFlag, FunctionKind } from "../abi/enums.js";
import { pathToFileURL } from "node:url";
import { JsFunction } from "../abi/records.js";
import { SkeinError } from "../base/errors.js";
import type { Core } from "../abi/core.js";
import type { Memory } from "../base/memory.js";
import { callStack } from "../base/thrown.js";
import { checkSelfContained, IMPORTS } from "./selfcontained.js";
import { TASK, type TaskName } from "./tasks.js";

/** A function that was written to memory. */
export interface SharedFunction {
  /** Address of its block. */
  readonly address: number;
  /** What errors call it. */
  readonly name: string;
  /** Where it was last started: frames of this thread's stack, kept for its errors. */
  startedAt: { stack?: string } | undefined;
}

/** The functions that one thread has sent. */
export class Functions {
  private readonly byFunction = new WeakMap<object, SharedFunction>();
  private readonly byText = new Map<string, SharedFunction>();
  /** The task that a function of this thread's is, if it is known to be one. */
  exportOf: ((fn: object) => TaskName | undefined) | undefined;

  constructor(
    private readonly core: Core,
    private readonly memory: Memory,
  ) {}

  /** @throws SkeinError if it is no function, or one that cannot run on another thread */
  share(fn: unknown): SharedFunction {
    if (typeof fn !== "function") {
      const isPromise = typeof (fn as { then?: unknown } | null | undefined)?.then === "function";
      const what = isPromise ? "a promise: give it the function and its arguments, not its result" : describe(fn);
      throw new SkeinError(`rt.go takes a function or a task of rt.tasks, not ${what}`);
    }
    const known = this.byFunction.get(fn);
    if (known !== undefined) return known;
    const task = (fn as { [TASK]?: TaskName })[TASK] ?? this.exportOf?.(fn);
    const shared =
      task === undefined
        ? this.source(fn as () => unknown)
        : this.write(FunctionKind.Module, task.url, task.name, `${task.name} of ${task.url}`);
    this.byFunction.set(fn, shared);
    return shared;
  }

  private source(fn: () => unknown): SharedFunction {
    const text = Function.prototype.toString.call(fn);
    const base = IMPORTS.test(text) ? callerFile() : "";
    const known = this.byText.get(`${FunctionKind.Source}${text}\0${base}`);
    if (known !== undefined) return known;
    const name = fn.name === "" ? "an anonymous function" : fn.name;
    const isAsync = Object.prototype.toString.call(fn).startsWith("[object Async");
    return this.write(FunctionKind.Source, checkSelfContained(text, name), base, name, text, isAsync);
  }

  private write(
    kind: number,
    first: string,
    second: string,
    name: string,
    key = first,
    isAsync = false,
  ): SharedFunction {
    const text = `${kind}${key}\0${second}`;
    const known = this.byText.get(text);
    if (known !== undefined) return known;
    const bytes1 = Buffer.from(first, "utf8");
    const bytes2 = Buffer.from(second, "utf8");
    const { core, memory } = this;
    const address = core.malloc(JsFunction.SIZE + bytes1.byteLength + bytes2.byteLength);
    const block = memory.fn(address);
    block.index = core.newFunctionIndex();
    block.kind = kind;
    block.time = 0;
    block.flags = isAsync ? FunctionFlag.IsAsync : 0;
    block.length1 = bytes1.byteLength;
    block.length2 = bytes2.byteLength;
    memory.write(address + JsFunction.SIZE, bytes1);
    memory.write(address + JsFunction.SIZE + bytes1.byteLength, bytes2);
    const shared = { address, name, startedAt: undefined };
    this.byText.set(text, shared);
    return shared;
  }
}

/** Where Skein's own files are. */
const OWN_FILES = new URL("..", import.meta.url).href;

/** The URL of the file that calls Skein, which a function that it sends imports from; empty if there is none. */
function callerFile(): string {
  for (const line of callStack().split("\n")) {
    const file = /(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()]*?)(?:\?[^()/]*)?:\d+:\d+\)?$/.exec(line)?.[1];
    if (file === undefined) continue;
    const url = file.startsWith("file:") ? file : pathToFileURL(file).href;
    if (!url.startsWith(OWN_FILES)) return url;
  }
  return "";
}

/** A function as another thread finds it in memory. */
export function readFunction(memory: Memory, address: number): { isModule: boolean; first: string; second: string } {
  const { kind, length1, length2 } = memory.fn(address);
  return {
    isModule: kind === FunctionKind.Module,
    first: memory.utf8(address + JsFunction.SIZE, length1),
    second: memory.utf8(address + JsFunction.SIZE + length1, length2),
  };
}

function describe(value: unknown): string {
  if (typeof value === "object") return value === null ? "null" : "an object";
  return typeof value === "string" ? JSON.stringify(value) : `a value of type ${typeof value}`;
}
