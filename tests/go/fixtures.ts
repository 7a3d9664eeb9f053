/** Runtimes and tasks for the tests of goroutines. */
import process from "node:process";
import type { MessagePort } from "node:worker_threads";
import { start, type Chan, type Pool, type Runtime, type Semaphore, type StartOptions } from "../../host/index.js";

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
  hold(word: Int32Array): boolean;
  block(word: Int32Array): string;
  blockLater(word: Int32Array): Promise<string>;
  spinThread(ms: number): number;
  forever(): never;
  fail(message: string): never;
  failLater(message: string): Promise<never>;
  count(n: number): Generator<number, string>;
  produce(n: number, file?: string): AsyncGenerator<number, void>;
  yieldThenFail(): AsyncGenerator<number, void>;
  countLoads(): [thread: number, count: number];
  leave(file: string): void;
  untilAborted(): Promise<never>;
  onceAborted<T>(value: T): Promise<T>;
  deaf(): Promise<never>;
  countAborts(heard: Int32Array): Promise<never>;
  deafThenForever(): Promise<never>;
  foreverOnceAborted(ms: number): Promise<never>;
  exit(code: number): never;
  exitLater(code: number): Promise<never>;
  throwOutside(): Promise<never>;
  rejectOutside(): Promise<never>;
  exhaust(): never;
  ownId(): Promise<number[]>;
  ownIdNow(): number;
  ownSignal(): boolean;
  sum(from: number, to: number): Promise<number>;
  goByFunction(n: number): Promise<string[]>;
  goAndFail(): Promise<void>;
  goAndExit(): Promise<never>;
  readAndExit(ends: Chan<string>): Promise<void>;
  submitAndExit(pool: Pool, tickets: Semaphore): Promise<never>;
  allocateAndExit(bytes: number): Promise<never>;
  goAndLeave(file: string): void;
  store(): Promise<unknown>;
  log(text: string): void;
  bump(words: Int32Array): void;
  makeShared(bytes: number): Int32Array;
  shareOn(n: number): Promise<number>;
  byteAt(buffer: ArrayBuffer, at: number): number;
  talk(port: MessagePort): Promise<unknown>;
  sendLater(channel: Chan<number>, n: number): Promise<void>;
  receive(channel: Chan<number>, n: number): number[];
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

/** What `promise` rejects with; fails if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was expected to reject");
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 6000) throw new Error(`this never became so: ${String(condition)}`);
    await delay(5);
  }
}

/** Lets a task `hold` end. */
export function release(word: Int32Array): void {
  Atomics.store(word, 0, 1);
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
