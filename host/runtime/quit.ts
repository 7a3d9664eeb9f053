/**
 * SIGQUIT, as a program in Go takes it: every goroutine of every runtime is shown, and the process ends; not where it has a listener
 * of its own for the signal. Ours is there only as long as a runtime is.
 */
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { EXIT_PANIC } from "../base/exitcodes.js";
import { writeFully } from "../base/stdio.js";
import { within } from "../base/timers.js";

/** How long goroutines get to be shown, in milliseconds. */
const DUMP_MS = 5000;
const LATE = `skein: the goroutines could not be shown in ${DUMP_MS / 1000} s: one runs without ever yielding, or the machine is very busy\n`;

const dumps = new Set<() => Promise<unknown>>();

/** Has SIGQUIT call `dump`, which shows a runtime's goroutines, until what is returned is called. */
export function onQuit(dump: () => Promise<unknown>): () => void {
  if (!isMainThread || process.platform === "win32") return () => undefined;
  if (dumps.size === 0) process.on("SIGQUIT", quit);
  dumps.add(dump);
  return () => {
    dumps.delete(dump);
    if (dumps.size === 0) process.off("SIGQUIT", quit);
  };
}

function quit(): void {
  const isUsers = process.listenerCount("SIGQUIT") > 1;
  writeFully(2, Buffer.from("SIGQUIT: quit\n"));
  void shown(Promise.all([...dumps].map((dump) => dump()))).then(() => {
    if (!isUsers) process.exit(EXIT_PANIC);
  });
}

/** Waits for what shows goroutines, and says so if it takes too long. */
export async function shown(dump: Promise<unknown>): Promise<void> {
  if (!(await within(DUMP_MS, dump))) writeFully(2, Buffer.from(LATE));
}
