/**
 * Programs written for piscina, each with what it prints at its end, between `/* prints` and the end of the comment.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { packageRoot } from "../../host/bench/paths.js";

const directory = path.join(packageRoot, "tests", "piscina", "programs");

/** Longer than any of them takes on a busy machine. */
const LIMIT_MS = 60_000;

export interface Program {
  readonly name: string;
  /** What it is about, in its own words. */
  readonly about: string;
  readonly prints: string;
}

export function programs(): Program[] {
  const files = readdirSync(directory).filter((name) => /\.[cm]js$/.test(name));
  return files.map((name) => {
    const text = readFileSync(path.join(directory, name), "utf8");
    const about = /^\/\/ (.*?)\.?\n/.exec(text)?.[1] ?? name;
    const prints = /^\/\* prints\n(.*)^\*\/$/ms.exec(text)?.[1];
    if (prints === undefined) throw new Error(`${name} does not say what it prints`);
    return { name, about, prints };
  });
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of them with `library` for piscina, on the runtime that runs the test. */
export function run(program: string, library: string): Promise<Outcome> {
  const onDeno = "deno" in process.versions;
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [...(onDeno ? ["run", "--quiet", "-A"] : []), path.join(directory, program)],
      {
        env: { ...process.env, LIBRARY: library, NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"],
        timeout: LIMIT_MS,
        killSignal: "SIGKILL",
      },
    );
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}
