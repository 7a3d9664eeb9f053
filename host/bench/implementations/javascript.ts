/** Programs in JavaScript, on the runtime that runs the bench. */
import path from "node:path";
import process from "node:process";
import { runtimeName } from "../../base/version.js";
import type { Command } from "../child.js";
import { packageRoot } from "../paths.js";

export const onDeno = "deno" in process.versions;

/** The runtime's name and version. */
export const runtime = runtimeName();

/** Runs a JavaScript file with its arguments. */
export function javaScript(...run: string[]): Command {
  return { file: process.execPath, args: onDeno ? ["run", "--quiet", "-A", ...run] : run };
}

/** Runs a program of `bench/tasks` with the peer of that name. */
export function sharedProgram(program: string, peer: string, threads: number, args: readonly string[]): Command {
  return javaScript(path.join(packageRoot, "bench", "tasks", program), peer, String(threads), ...args);
}
