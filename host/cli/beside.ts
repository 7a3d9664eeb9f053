/** Builds that go on in a process of their own: only for the cache, with what other programs leave of the processors. */
import { spawn, type ChildProcess } from "node:child_process";
import os from "node:os";
import process from "node:process";

/** What has this runtime run `skein`. */
export function skeinArguments(): string[] {
  const script = process.argv[1] ?? "";
  return "deno" in process.versions ? ["run", "--quiet", "-A", script] : [...process.execArgv, script];
}

/** What `run` and `dev` were told of how to compile. */
export interface BesideOptions {
  readonly preempt: boolean;
  readonly transform?: readonly string[];
}

/** Has the optimised build of a program made for the cache; nobody waits for it, and it says nothing. */
export function buildBeside(file: string, { preempt, transform = [] }: BesideOptions): ChildProcess {
  const args = ["build", file, "-o", os.devNull, ...(preempt ? [] : ["--no-preempt"])];
  for (const each of transform) args.push("--transform", each);
  const env = { ...process.env, SKEIN_QUICK: "0" };
  const child = spawn(process.execPath, [...skeinArguments(), ...args], { stdio: "ignore", detached: true, env });
  child.on("error", () => {});
  try {
    if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or this is not allowed.
  }
  return child;
}
