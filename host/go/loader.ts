/**
 * The functions that a thread runs for goroutines: compiled from their source, or imported, once each.
 */
import { JSFN_INDEX } from "../../assembly/layout.js";
import { SkeinError } from "../errors.js";
import type { Memory } from "../memory.js";
import { NAME_HELPER } from "./freevars.js";
import { readFunction } from "./functions.js";
import type { AnyFunction } from "./goroutine.js";

/** A function of this thread's. */
export interface Loaded {
  /** Undefined while its module is being imported, or if it cannot be had. */
  call: AnyFunction | undefined;
  /** Why it cannot be had. */
  error: unknown;
  /** Settled when it can or cannot be had. */
  readonly loading: Promise<void> | undefined;
  /** It is known to return promises, so `context()` must follow it. */
  isAsync: boolean;
}

export class Loader {
  private readonly memory: Memory;
  private readonly functions: (Loaded | undefined)[] = [];
  private readonly modules = new Map<string, Promise<Record<string, unknown>>>();

  constructor(memory: Memory) {
    this.memory = memory;
  }

  /** The function of the block at `address`. */
  get(address: number): Loaded {
    const index = this.memory.words[(address + JSFN_INDEX) >> 2]!;
    return this.functions[index] ?? (this.functions[index] = this.load(address));
  }

  private load(address: number): Loaded {
    const { isModule, first, second } = readFunction(this.memory, address);
    if (!isModule) {
      try {
        const call = compile(first);
        return { call, error: undefined, loading: undefined, isAsync: isAsync(call) };
      } catch (error) {
        return { call: undefined, error, loading: undefined, isAsync: false };
      }
    }
    const { promise, resolve } = deferred();
    const loaded: Loaded = { call: undefined, error: undefined, loading: promise, isAsync: false };
    this.import(first).then(
      (module) => {
        const found = module[second];
        if (typeof found === "function") {
          loaded.call = found as AnyFunction;
          loaded.isAsync = isAsync(loaded.call);
        } else {
          loaded.error = missing(first, second, module);
        }
        resolve();
      },
      (error: unknown) => {
        loaded.error = loadError(first, error);
        resolve();
      },
    );
    return loaded;
  }

  private import(url: string): Promise<Record<string, unknown>> {
    let module = this.modules.get(url);
    if (module === undefined) {
      module = import(url) as Promise<Record<string, unknown>>;
      this.modules.set(url, module);
    }
    return module;
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((r) => (resolve = r));
  return { promise, resolve };
}

function compile(source: string): AnyFunction {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- functions travel as their source; this is the other end
  const make = new Function(NAME_HELPER, `"use strict"; return ${source}`) as (name: AnyFunction) => AnyFunction;
  return make((fn: unknown) => fn);
}

function isAsync(fn: AnyFunction): boolean {
  return Object.prototype.toString.call(fn).startsWith("[object Async");
}

function missing(url: string, name: string, module: Record<string, unknown>): SkeinError {
  if (name in module) return new SkeinError(`${name} of ${url} is no function`);
  const names = Object.keys(module).filter((key) => typeof module[key] === "function");
  const list = names.length === 0 ? "" : `; it exports ${names.join(", ")}`;
  return new SkeinError(`the module ${url} exports no function ${name}${list}`);
}

function loadError(url: string, cause: unknown): SkeinError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isTypeScript = (cause as { code?: unknown } | null)?.code === "ERR_UNKNOWN_FILE_EXTENSION";
  const hint =
    isTypeScript && /\.[cm]?ts$/.test(new URL(url).pathname)
      ? "; this version of Node does not run TypeScript: compile it, or use Node 22.18 or newer, or Deno"
      : "";
  return new SkeinError(`cannot load the module ${url}: ${reason}${hint}`, { cause });
}
