/**
 * Keeps threads from being ended while they load a library of C's. A thread of Node's that is terminated inside an addon's
 * initialisation takes the process along (napi_throw), whether it is ended by `terminate` or because the process exits.
 *
 * Two words, shared by all threads of the process through the environment data of their parents:
 * - `Loading` counts the threads that are inside. They count themselves in, and only then ask whether they may go on.
 * - `Exiting` is set before the exit of the process looks at `Loading`.
 * All accesses are sequentially consistent, and both sides write before they read: either the thread sees that the end has
 * begun and loads nothing, or who ends it sees the thread and waits. The same holds for a program that ends, whose threads
 * look at its state instead of `Exiting`.
 */
import process from "node:process";
import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

const KEY = "skein.loading";

const enum Word {
  Loading = 0,
  Exiting = 1,
}

/** How long the end waits for a thread that loads, in milliseconds; loading takes some ten. */
const PATIENCE_MS = 5000;

/** How often `loaded` looks, in milliseconds. */
const LOOK_MS = 2;

let words: Int32Array<SharedArrayBuffer> | undefined;

/** Has the threads that this one starts from now on share the words; whoever starts threads calls it first. */
export function shareLoading(): Int32Array<SharedArrayBuffer> {
  if (words !== undefined) return words;
  let shared: unknown = getEnvironmentData(KEY);
  if (!(shared instanceof SharedArrayBuffer)) {
    shared = new SharedArrayBuffer(8);
    setEnvironmentData(KEY, shared as SharedArrayBuffer);
  }
  words = new Int32Array(shared as SharedArrayBuffer);
  if (isMainThread) process.once("exit", holdExit);
  return words;
}

/** This thread is about to load; false if it must not, since it is ending. Else `endLoad` follows. */
export function beginLoad(isEnding: () => boolean = () => false): boolean {
  const shared = shareLoading();
  Atomics.add(shared, Word.Loading, 1);
  if (Atomics.load(shared, Word.Exiting) === 0 && !isEnding()) return true;
  endLoad();
  return false;
}

export function endLoad(): void {
  const shared = shareLoading();
  Atomics.sub(shared, Word.Loading, 1);
  Atomics.notify(shared, Word.Loading);
}

/** Once threads are kept from beginning to load: resolves when none loads any more, or after a while. */
export async function loaded(): Promise<void> {
  const shared = shareLoading();
  const late = performance.now() + PATIENCE_MS;
  while (Atomics.load(shared, Word.Loading) > 0 && performance.now() < late) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The process is about to exit, and to end its threads. */
function holdExit(): void {
  const shared = shareLoading();
  Atomics.store(shared, Word.Exiting, 1);
  const late = performance.now() + PATIENCE_MS;
  while (true) {
    const loading = Atomics.load(shared, Word.Loading);
    const left = late - performance.now();
    if (loading === 0 || left <= 0) return;
    Atomics.wait(shared, Word.Loading, loading, left);
  }
}
