/**
 * What goroutines ask the main thread for (`HostAsk`): the next signal, and other programs, which it runs.
 *
 * Guarantees: what runs is killed when its goroutine's program ends, or the process does; nothing is run unless the options allow it.
 */
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { AskOp } from "../abi/enums.js";
import { HostAsk } from "../abi/records.js";
import type { Core } from "../abi/core.js";
import type { Memory } from "../base/memory.js";

/** The numbers of signals that a program can watch for. */
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
/** The exit code of what a signal has ended, as shells have it, without the signal. */
const BY_SIGNAL = 128;

/** A program that runs, or is about to. */
interface Run {
  child?: ChildProcess;
  isKilled: boolean;
}

export class Asks {
  /** A bit for each signal that the program watches for. */
  private watched = 0;
  /** Those that have come and were not taken yet. */
  private readonly come: number[] = [];
  /** The address of the question for the next one, or 0. */
  private waiting = 0;
  private readonly runs = new Map<number, Run>();
  private hasEnded = false;

  constructor(
    private readonly core: Core,
    private readonly memory: Memory,
    private readonly allowsExec: boolean,
  ) {}

  ask(address: number): void {
    if (new HostAsk(this.memory).move(address).op === AskOp.Run) {
      void this.run(address);
    } else {
      this.waiting = address;
      this.pass();
    }
  }

  /** The program watches for the signals that have their bits in `mask`. */
  watch(mask: number): void {
    this.watched = mask;
  }

  /** A signal has come: false if the program does not watch for it. */
  signal(name: keyof typeof SIGNALS): boolean {
    const number = SIGNALS[name];
    if (this.hasEnded || (this.watched & (1 << number)) === 0) return false;
    this.come.push(number);
    this.pass();
    return true;
  }

  private pass(): void {
    const address = this.waiting;
    if (address === 0 || this.come.length === 0) return;
    this.waiting = 0;
    new HostAsk(this.memory).move(address).status = this.come.shift()!;
    this.core.hostReady(address);
  }

  private async run(address: number): Promise<void> {
    const ask = new HostAsk(this.memory).move(address);
    const [file, args, cwd, env] = JSON.parse(this.memory.utf16(ask.text, ask.length)) as [
      string,
      string[],
      string,
      Record<string, string>,
    ];
    const run: Run = { isKilled: false };
    if (this.runs.size === 0) process.once("exit", this.end);
    this.runs.set(ask.id, run);
    const input = this.memory.copy(ask.input, ask.inputLength);
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    let status: number;
    try {
      if (!this.allowsExec) throw new Error("the program may not run others (skein run --allow-exec)");
      const { spawn } = await import("node:child_process");
      if (this.hasEnded) return;
      const child = spawn(file, args, { cwd: cwd === "" ? undefined : cwd, env: { ...process.env, ...env } });
      run.child = child;
      if (run.isKilled) child.kill("SIGKILL");
      child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
      child.stdin.on("error", () => {}); // it has closed its input, which is its own affair
      child.stdin.end(input);
      status = await new Promise<number>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code, signal) => resolve(code ?? BY_SIGNAL + signalNumber(signal)));
      });
    } catch (error) {
      errors.splice(0, Infinity, Buffer.from(wordsOf(file, error), "utf8"));
      status = -1;
    }
    if (this.hasEnded) return;
    const answer = new HostAsk(this.memory).move(address);
    this.runs.delete(answer.id);
    if (this.runs.size === 0) process.off("exit", this.end);
    answer.status = status;
    [answer.output, answer.outputLength] = this.written(output);
    [answer.errors, answer.errorsLength] = this.written(errors);
    this.core.hostReady(address);
  }

  private written(chunks: readonly Buffer[]): [address: number, length: number] {
    const bytes = Buffer.concat(chunks);
    const address = this.core.malloc(Math.max(bytes.byteLength, 1));
    this.memory.write(address, bytes);
    return [address, bytes.byteLength];
  }

  /** Ends the program that a question runs. */
  kill(id: number): void {
    const run = this.runs.get(id);
    if (run === undefined) return;
    run.isKilled = true;
    run.child?.kill("SIGKILL");
  }

  /** The goroutines' program has ended. */
  readonly end = (): void => {
    this.hasEnded = true;
    process.off("exit", this.end);
    for (const id of this.runs.keys()) this.kill(id);
  };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return { SIGKILL: 9, ...SIGNALS }[signal as "SIGKILL"] ?? 0;
}

function wordsOf(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ENOENT" ? `exec: ${JSON.stringify(file)}: executable file not found in $PATH` : `exec: ${message}`;
}
