/**
 * The functions that a thread runs for goroutines: compiled from their source, or imported, once each.
 */
import { existsSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import vm from "node:vm";
import { SkeinError } from "../base/errors.js";
import { attempt, wordsOf } from "../base/thrown.js";
import type { Memory } from "../base/memory.js";
import { IMPORTERS } from "./selfcontained.js";
import { readFunction } from "./functions.js";
import { loadModule } from "./modules.js";
import type { TaskName } from "./tasks.js";
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

/** A module of this thread's. */
interface Module {
  exports: Record<string, unknown> | undefined;
  /** Why there are none. */
  error: SkeinError | undefined;
  /** Resolves when one of these is known. */
  readonly loading: Promise<void>;
}

export class Loader {
  private readonly functions: (Loaded | undefined)[] = [];
  private readonly modules = new Map<string, Module>();

  /** Functions that modules of this thread export. */
  private readonly exported = new WeakMap<object, TaskName>();

  constructor(private readonly memory: Memory) {}

  /** The task that a function is, if a module that was loaded here for its tasks exports it. */
  exportOf(fn: object): TaskName | undefined {
    return this.exported.get(fn);
  }

  /** The function of the block at `address`. */
  get(address: number): Loaded {
    const index = this.memory.fn(address).index;
    return this.functions[index] ?? (this.functions[index] = this.load(address));
  }

  private load(address: number): Loaded {
    const { isModule, first, second } = readFunction(this.memory, address);
    if (!isModule) {
      try {
        const call = compile(first, second);
        return { call, error: undefined, loading: undefined, isAsync: isAsync(call) };
      } catch (error) {
        return { call: undefined, error, loading: undefined, isAsync: false };
      }
    }
    const module = this.import(first);
    const loaded: Loaded = {
      call: undefined,
      error: undefined,
      loading: module.loading.then(() => pick(loaded, module, first, second)),
      isAsync: false,
    };
    if (module.exports !== undefined || module.error !== undefined) pick(loaded, module, first, second);
    return loaded;
  }

  private import(url: string): Module {
    const known = this.modules.get(url);
    if (known !== undefined) return known;
    const module: Module = {
      exports: undefined,
      error: undefined,
      loading: loadModule(url).then(
        (exports) => {
          module.exports = exports;
          for (const [name, value] of Object.entries(exports)) {
            if (typeof value === "function") this.exported.set(value, { url, name });
          }
        },
        (error: unknown) => {
          module.error = loadError(url, error);
        },
      ),
    };
    this.modules.set(url, module);
    return module;
  }
}

/** Takes a function out of a module that has been imported, or could not be. */
function pick(loaded: Loaded, module: Module, url: string, name: string): void {
  const found = module.exports?.[name];
  if (typeof found === "function") {
    loaded.call = found as AnyFunction;
    loaded.isAsync = isAsync(loaded.call);
  } else {
    loaded.error = module.error ?? missing(url, name, module.exports ?? {});
  }
}

function compile(source: string, base: string): AnyFunction {
  const body = `"use strict"; return ${source}`;
  let make: AnyFunction;
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- functions travel as their source; this is the other end
    make = new Function(...IMPORTERS, body) as AnyFunction;
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    // Where --disallow-code-generation-from-strings forbids that, a script may still be run.
    make = vm.runInThisContext(`(function (${IMPORTERS.join()}) { ${body}\n})`) as AnyFunction;
  }
  const load = importFrom(base);
  const fromVite = (name: unknown): Promise<unknown> => load(unserved(String(name)));
  const required = (name: string): unknown => createRequire(base === "" ? `${process.cwd()}/` : base)(name);
  return make(load, fromVite, required) as AnyFunction;
}

/** Vite names files of the project from its root, as it serves them, and others below `/@fs/`. */
function unserved(name: string): string {
  if (name.startsWith("/@fs/")) return name.slice(4);
  return name.startsWith("/") && !existsSync(name) ? `${process.cwd()}${name}` : name;
}

/** `import(…)` as it is in the file at `base`. */
function importFrom(base: string): (name: unknown, options?: ImportCallOptions) => Promise<unknown> {
  const { USE_MAIN_CONTEXT_DEFAULT_LOADER } = (vm.constants ?? {}) as { USE_MAIN_CONTEXT_DEFAULT_LOADER?: number };
  if (base !== "" && USE_MAIN_CONTEXT_DEFAULT_LOADER !== undefined && !("deno" in process.versions)) {
    const load = vm.runInThisContext("(name, options) => import(name, options)", {
      filename: fileURLToPath(base),
      importModuleDynamically: USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as ReturnType<typeof importFrom>;
    return (name, options) => withoutWarning("vm.USE_MAIN_CONTEXT_DEFAULT_LOADER", () => load(name, options));
  }
  let load: ReturnType<typeof importFrom> | undefined;
  return async (name, options) => {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what builds this file knows no options that are given
    load ??= new Function("name", "options", "return import(name, options)") as ReturnType<typeof importFrom>;
    return load(base === "" ? name : resolve(String(name), base), options);
  };
}

/** Calls `action`, of which Node need not warn that what it does so is experimental: that is Skein's affair. */
function withoutWarning<T>(of: string, action: () => T): T {
  const emit = Reflect.getOwnPropertyDescriptor(process, "emitWarning");
  const warn = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = (...args: unknown[]) => void (String(args[0]).startsWith(of) || warn(...args));
  try {
    return action();
  } finally {
    if (emit !== undefined) Object.defineProperty(process, "emitWarning", emit);
  }
}

/** What a name stands for in the file at `base`, as a URL, where the runtime does not say. */
function resolve(name: string, base: string): string {
  if (/^\.{0,2}\//.test(name)) return new URL(name, base).href;
  if (isBuiltin(name) || /^[a-z][a-z\d+.-]+:/i.test(name)) return name;
  return pathToFileURL(createRequire(base).resolve(name)).href;
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
  const reason = wordsOf(cause);
  const isTypeScript = attempt(() => (cause as { code?: unknown } | null)?.code) === "ERR_UNKNOWN_FILE_EXTENSION";
  const hint =
    isTypeScript && /\.[cm]?ts$/.test(new URL(url).pathname)
      ? "; this version of Node does not run TypeScript: compile it, or use tsx, Node 22.18 or newer, or Deno"
      : "";
  return new SkeinError(`cannot load the module ${url}: ${reason}${hint}`, { cause });
}
