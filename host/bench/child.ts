/**
 * Child processes. Guarantees: whatever happens, no child outlives the call that started it; `ChildError` says in one
 * line what went wrong.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export class ChildError extends Error {
  override name = "ChildError";
  /** The program is not there at all. */
  readonly notFound: boolean;

  constructor(message: string, notFound = false) {
    super(message);
    this.notFound = notFound;
  }
}

/** Longer than the longest benchmark takes on a slow machine; only a program that hangs takes it. */
const TIME_LIMIT_MS = 180_000;

/**
 * Runs a command to its end and returns what it printed to standard output. `seen` is called while it runs: with its
 * process id, and each line as soon as it is there.
 */
export function output(
  command: Command,
  stop: AbortSignal,
  seen?: (pid: number, line: string) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    stop.throwIfAborted();
    const child = spawn(command.file, [...command.args], {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    if (seen) createInterface(child.stdout).on("line", (line) => seen(child.pid as number, line));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));

    let late = false;
    const limit = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, TIME_LIMIT_MS);
    const kill = () => child.kill("SIGKILL");
    stop.addEventListener("abort", kill, { once: true });
    const settled = () => {
      clearTimeout(limit);
      stop.removeEventListener("abort", kill);
    };

    child.on("error", (error: NodeJS.ErrnoException) => {
      settled();
      const notFound = error.code === "ENOENT";
      reject(new ChildError(notFound ? `${command.file} is not on PATH` : error.message, notFound));
    });
    child.on("close", (code, signal) => {
      settled();
      if (stop.aborted) reject(stop.reason as Error);
      else if (late) reject(new ChildError(`still running after ${TIME_LIMIT_MS / 1000} s`));
      else if (code === 0) resolve(Buffer.concat(stdout).toString());
      else reject(new ChildError(failure(code, signal, Buffer.concat(stderr).toString())));
    });
  });
}

/** One line out of what a failing program printed: the first that names an error, else the first that says anything. */
function failure(code: number | null, signal: string | null, stderr: string): string {
  const ended = signal ? `killed by ${signal}` : `exit code ${code}`;
  const lines = stderr.split("\n").map((line) => line.trim());
  const line =
    lines.find((text) => /^(panic|fatal error|error|\w*Error)\b/.test(text)) ??
    // The go command heads the errors of a package with its name, and tells first what it fetches.
    lines.find((text) => text !== "" && !/^#|^go: downloading /.test(text));
  return line ? `${ended}: ${line}` : ended;
}
