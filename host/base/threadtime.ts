/** Whether other threads compute or block, as the system tells: Linux does, in /proc, who may read that. */
import { readFileSync, readlinkSync } from "node:fs";
import { attempt } from "./thrown.js";

/** A thread that has run for less than this part of the time has blocked. */
const LEAST_SHARE = 0.25;

/** This thread's number in the system, 0 if it is not known. */
export function threadNumber(): number {
  if (!mayRead()) return 0;
  return Number(
    attempt(() => readlinkSync("/proc/thread-self"))
      ?.split("/")
      .at(-1) ?? 0,
  );
}

/** What one thread has seen of others. */
export class ThreadTimes {
  /** How long each had run when it was last looked at, and when that was, in ns. */
  private readonly seen = new Map<number, { readonly ran: number; readonly at: number }>();

  /** How long a thread of this process has run, in ns; 0 if it blocks, and has most of the time since this was asked last; -1 if that cannot be told. */
  readonly get = (tid: number): number => {
    const file = (name: string): string => readFileSync(`/proc/self/task/${tid}/${name}`, "latin1");
    const [run] = attempt(() => file("schedstat"))?.split(" ") ?? [];
    const state = attempt(() => file("stat"))?.match(/\) (\w)/)?.[1];
    if (run === undefined || state === undefined) return -1;
    const now = { ran: Number(run), at: performance.now() * 1e6 };
    const before = this.seen.get(tid);
    this.seen.set(tid, now);
    const computes =
      state === "R" || before === undefined || now.ran - before.ran >= (now.at - before.at) * LEAST_SHARE;
    return computes ? now.ran : 0;
  };
}

/** Deno would ask its user. */
function mayRead(): boolean {
  const { Deno } = globalThis as { Deno?: { permissions: { querySync(of: object): { state: string } } } };
  return Deno === undefined || Deno.permissions.querySync({ name: "read", path: "/proc" }).state === "granted";
}
