/** Runtimes and tasks for the tests of goroutines. */
import process from "node:process";
import { start, type Runtime, type StartOptions } from "../../host/index.js";

/** What `tasks/work.mjs` exports. */
export interface Work {
  notAFunction: number;
  identity<T>(value: T): T;
  add(a: number, b: number): number;
  all(...args: unknown[]): unknown[];
  thread(): number;
  later<T>(ms: number, value?: T): Promise<T>;
  immediate<T>(value: T): Promise<T>;
  spin(ms: number): number;
  forever(): never;
  fail(message: string): never;
  failLater(message: string): Promise<never>;
  count(n: number): Generator<number, string>;
  produce(n: number, file?: string): AsyncGenerator<number, void>;
  yieldThenFail(): AsyncGenerator<number, void>;
  countLoads(): number;
}

/** A module beside the tests, as they are on disk: what runs is bundled into `dist-test/`. */
export function moduleUrl(name: string): URL {
  return new URL(`../../../tests/go/tasks/${name}`, import.meta.url);
}

export const WORK = moduleUrl("work.mjs");

export const onDeno = "deno" in process.versions;

/** Runs `body` with a runtime that is closed afterwards. */
export async function withRuntime<T>(body: (rt: Runtime) => Promise<T>, options: StartOptions = {}): Promise<T> {
  const rt = await start({ procs: 2, ...options });
  try {
    return await body(rt);
  } finally {
    await rt.close({ deadline: 0 });
  }
}
