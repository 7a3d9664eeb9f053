/**
 * Runs `skein` as a process, under the runtime that SKEIN_TEST_RUNTIME names (node unless set).
 *
 * Guarantees: a process that outlives its time is killed with all that it started, and its output is in the error.
 */
import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

export type RuntimeName = "node" | "deno";

/** The top of the repository: the nearest directory above with the package's manifest and its sources. */
export const root = ((): string => {
  let directory = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(directory, "assembly")) || !existsSync(path.join(directory, "package.json"))) {
    const parent = path.dirname(directory);
    if (parent === directory) throw new Error("the tests are not inside the repository");
    directory = parent;
  }
  return directory;
})();

/** The runtime under test. */
export const runtime: RuntimeName = process.env["SKEIN_TEST_RUNTIME"] === "deno" ? "deno" : "node";

const skein = path.join(root, "bin", "skein.js");

/** The executable and the arguments that start `skein` under a runtime. */
export function skeinCommand(name: RuntimeName = runtime): [file: string, ...args: string[]] {
  if (name === "node") return [process.execPath, skein];
  const directory = path.dirname(createRequire(path.join(root, "package.json")).resolve("deno/package.json"));
  // The package's own script starts the binary as a child, which would outlive a kill.
  const binary = path.join(directory, process.platform === "win32" ? "deno.exe" : "deno");
  return existsSync(binary)
    ? [binary, "run", "--quiet", "-A", skein]
    : [process.execPath, path.join(directory, "bin.cjs"), "run", "--quiet", "-A", skein];
}

export interface RunOptions {
  readonly runtime?: RuntimeName;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** What the process reads. */
  readonly stdin?: string | undefined;
  /** Called with the process as soon as it runs. */
  readonly started?: (child: ChildProcess) => void;
  /** Called with standard output as it comes. */
  readonly onStdout?: (text: string, child: ChildProcess) => void;
  /** Leaves standard input to the caller; without it, and without `stdin`, there is none. */
  readonly keepStdin?: boolean;
  /** Leaves standard output to the caller. */
  readonly keepStdout?: boolean;
  /** A descriptor for standard output. */
  readonly stdout?: number;
}

export interface Result {
  readonly command: string;
  /** The exit code, or null for a process that a signal ended. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

const LIMIT = 3000;

function shortened(text: string): string {
  if (text.length <= LIMIT) return text;
  return `${text.slice(0, LIMIT / 2)}\n… ${text.length - LIMIT} characters …\n${text.slice(-LIMIT / 2)}`;
}

/** What a failure shows of a run. */
export function described(result: Result): string {
  const end = result.signal ?? `exit code ${result.code}`;
  return `${result.command}\n${end} after ${Math.round(result.elapsedMs)} ms\n--- stdout\n${shortened(result.stdout)}\n--- stderr\n${shortened(result.stderr)}`;
}

/** Runs `skein ARGS` to its end. */
export function runSkein(args: readonly string[], options: RunOptions = {}): Promise<Result> {
  const [file, ...before] = skeinCommand(options.runtime);
  const timeoutMs = options.timeoutMs ?? 120_000;
  const command = `${options.runtime ?? runtime}: skein ${args.map((arg) => (/^[\w./=-]+$/.test(arg) ? arg : JSON.stringify(shortened(arg)))).join(" ")}`;
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...before, ...args], {
      cwd: options.cwd ?? root,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: [
        options.keepStdin === true || options.stdin !== undefined ? "pipe" : "ignore",
        options.stdout ?? "pipe",
        "pipe",
      ],
      // A group of its own, so that a kill reaches whatever it starts.
      detached: true,
    }) as ChildProcessByStdio<Writable | null, Readable | null, Readable>;
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    }, timeoutMs);
    if (options.keepStdout !== true) {
      child.stdout?.on("data", (data: Buffer) => {
        stdout.push(data);
        options.onStdout?.(data.toString(), child);
      });
    }
    child.stderr.on("data", (data: Buffer) => stderr.push(data));
    if (options.stdin !== undefined) {
      // A program need not read all that it is given.
      child.stdin?.on("error", () => {});
      child.stdin?.end(options.stdin);
    }
    options.started?.(child);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const result: Result = {
        command,
        code,
        signal,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        elapsedMs: performance.now() - started,
      };
      if (late) reject(new Error(`still running after ${timeoutMs} ms, killed\n${described(result)}`));
      else resolve(result);
    });
  });
}
