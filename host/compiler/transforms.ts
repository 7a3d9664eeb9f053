/**
 * Transforms of AssemblyScript: modules whose hooks may change a program while it is compiled.
 *
 * They are loaded before a compile begins; `Transforms` are those of one compile, with an instance of each class. A compile is not interrupted
 * (hooks.ts), so a hook that gives a promise is refused.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import binaryen from "binaryen";
import type { Module, Parser, Program } from "./elements.js";
import { CompileError, SkeinError } from "../base/errors.js";
import type { FoundTransform } from "./transformfiles.js";

/** The hooks, each called with what it may change. */
interface Hooks {
  readonly afterParse: Parser;
  readonly afterInitialize: Program;
  readonly afterCompile: unknown;
}

const HOOKS = ["afterParse", "afterInitialize", "afterCompile"] as const satisfies (keyof Hooks)[];

/** What a module exports: an object with hooks, or a class of such. */
type Exported = object | (new () => object);

export interface LoadedTransform {
  /** As the command line names it. */
  readonly given: string;
  readonly exported: Exported;
}

/** What was in a file when it was first loaded. */
const loadedTexts = new Map<string, string>();

/** Loads transforms; a file that has changed since it was loaded is loaded again, though not what it imports. */
export async function loadTransforms(found: readonly FoundTransform[]): Promise<LoadedTransform[]> {
  return Promise.all(
    found.map(async ({ given, file }) => {
      const text = readFileSync(file, "utf8");
      if (!loadedTexts.has(file)) loadedTexts.set(file, text);
      // Under another name a module is another, also for what it imports and is imported by, so the first has its own.
      const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
      const query = loadedTexts.get(file) === text ? "" : `?${digest}`;
      let exported: unknown;
      try {
        exported = await import(`${pathToFileURL(file).href}${query}`);
      } catch (cause) {
        throw new SkeinError(`cannot load the transform ${given}: ${reasonOf(cause)}`, { cause });
      }
      // A module of CommonJS that was compiled from another has its default in its default.
      for (let i = 0; i < 2; i++) exported = (exported as { readonly default?: unknown }).default ?? exported;
      if (!isTransform(exported)) {
        throw new SkeinError(
          `${given} is no transform: it exports neither a class nor an object with ${HOOKS.join(", ")}`,
        );
      }
      return { given, exported };
    }),
  );
}

function isTransform(exported: unknown): exported is Exported {
  if (typeof exported === "function") return true;
  return typeof exported === "object" && exported !== null && HOOKS.some((name) => name in exported);
}

/** The transforms of one compile. */
export class Transforms {
  private readonly instances: { readonly given: string; readonly hooks: Record<string, unknown> }[];

  constructor(loaded: readonly LoadedTransform[], program: Program, entry: string) {
    const baseDir = path.relative(process.cwd(), path.dirname(entry)) || ".";
    const surroundings = { program, binaryen, baseDir, ...OUTPUT, ...FILES };
    this.instances = loaded.map(({ given, exported }) => {
      if (typeof exported !== "function") return { given, hooks: exported as Record<string, unknown> };
      Object.assign((exported as { prototype: object }).prototype, surroundings);
      const hooks = attempt(given, "its constructor", () => new (exported as new () => object)());
      return { given, hooks: hooks as Record<string, unknown> };
    });
  }

  /** Calls a hook of each, in their order. */
  run<K extends keyof Hooks>(name: K, changed: Hooks[K]): void {
    for (const { given, hooks } of this.instances) {
      const hook = hooks[name];
      if (typeof hook !== "function") continue;
      const result: unknown = attempt(given, name, () => (hook as (changed: unknown) => unknown).call(hooks, changed));
      if (typeof (result as { then?: unknown } | undefined)?.then !== "function") continue;
      void Promise.resolve(result).catch(() => {});
      throw new CompileError(`${given}: error: ${name} gives a promise: hooks do all their work before they return`);
    }
  }

  /** The same for what `afterCompile` is given: the module, as the package binaryen has it. */
  compiled(module: Module): void {
    this.run("afterCompile", (binaryen as unknown as { wrapModule(ref: number): unknown }).wrapModule(module.ref));
  }
}

const OUTPUT = { stdout: process.stdout, stderr: process.stderr, log: console.error };

const inFolder = (name: string, folder = "."): string => path.resolve(folder, name);

/** Null for what is not there, as `asc` has it. */
const FILES = {
  readFile: (name: string, folder?: string): string | null =>
    existsSync(inFolder(name, folder)) ? readFileSync(inFolder(name, folder), "utf8") : null,
  writeFile: (name: string, contents: string | Uint8Array, folder?: string): void =>
    writeFileSync(inFolder(name, folder), contents),
  listFiles: (name: string, folder?: string): string[] | null =>
    existsSync(inFolder(name, folder))
      ? readdirSync(inFolder(name, folder)).filter((file) => /(?<!\.d)\.ts$/.test(file))
      : null,
};

function attempt<T>(given: string, where: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new CompileError(`${given}: error: in ${where}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
