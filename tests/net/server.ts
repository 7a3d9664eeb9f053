/**
 * Starts a server program under the runtime that SKEIN_TEST_RUNTIME names, with each poller that is asked for.
 *
 * Guarantees: the process is killed with all that it started when the test ends; what it printed is in the error of a test
 * that finds it dead.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import process from "node:process";
import { after } from "node:test";
import { buildOf } from "../programs/driver/builds.js";
import { skeinCommand } from "../programs/driver/process.js";

/** Milliseconds in which a server must be listening. */
const START_MS = 60_000;

/** The pollers under test. */
export const pollers = ["epoll", "stdlib"] as const;
export type Poller = (typeof pollers)[number];

export interface StartOptions {
  readonly procs?: number;
  readonly args?: readonly string[];
  /** Limits the process's descriptors. */
  readonly files?: number;
}

/** A running server. */
export class Server {
  readonly addr: string;
  readonly port: number;
  private readonly child: ChildProcess;
  private readonly output: () => string;

  constructor(addr: string, child: ChildProcess, output: () => string) {
    this.addr = addr;
    this.port = Number(/:(\d+)$/.exec(addr)?.[1] ?? 0);
    this.child = child;
    this.output = output;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it has printed, to both streams. */
  get printed(): string {
    return this.output();
  }

  /**
   * Descriptors of sockets that it has open, but for those in the Unix domain: each thread of Deno's has one for signals, and
   * threads come when they are needed.
   */
  get sockets(): number {
    const open = this.descriptors.map((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "");
    const table = readFileSync(`/proc/${this.pid}/net/unix`, "utf8").split("\n").slice(1);
    const unix = new Set(table.map((line) => line.split(/ +/)[6]));
    return open.filter((inode) => inode !== "" && !unix.has(inode)).length;
  }

  /** Descriptors of all kinds that it has open. */
  get files(): number {
    return this.descriptors.length;
  }

  private get descriptors(): string[] {
    const folder = `/proc/${this.pid}/fd`;
    return readdirSync(folder).map((name) => {
      try {
        return readlinkSync(path.join(folder, name));
      } catch {
        return "";
      }
    });
  }

  /** Processor time so far, in milliseconds. */
  get cpuMs(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Resolves once the process rests: in some three seconds, of half a minute of them, it takes no more than 50 ms. */
  async rests(): Promise<void> {
    const taken: number[] = [];
    while (taken.length < 10) {
      const before = this.cpuMs;
      await new Promise((resolve) => setTimeout(resolve, 3000));
      taken.push(this.cpuMs - before);
      if (taken.at(-1)! <= 50) return;
    }
    throw new Error(`an idle server takes ${taken.join(", ")} ms of processor time in 3 s each`);
  }

  get threads(): number {
    return readdirSync(`/proc/${this.pid}/task`).length;
  }

  connect(): Promise<net.Socket> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, "127.0.0.1", () => resolve(socket));
      socket.once("error", reject);
    });
  }

  /** Throws what it printed if it is not running. */
  check(): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      throw new Error(`the server has ended with ${this.child.signalCode ?? this.child.exitCode}:\n${this.printed}`);
    }
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return resolve();
      this.child.once("close", () => resolve());
      process.kill(-this.pid, "SIGKILL");
    });
  }
}

const running = new Set<Server>();
after(async () => {
  await Promise.all([...running].map((server) => server.stop()));
});

/** Starts the program in `file`, given from the top of the repository, which prints `… at ADDRESS` once it listens. */
export async function startServer(file: string, poller: Poller, options: StartOptions = {}): Promise<Server> {
  const [command, ...before] = skeinCommand();
  const run = [...before, "run", await buildOf(file), "--procs", String(options.procs ?? 2)];
  run.push("--poller", poller, "--", ...(options.args ?? ["tcp://127.0.0.1:0"]));
  const [executable, args] =
    options.files === undefined
      ? [command, run]
      : ["/bin/sh", ["-c", `ulimit -n ${options.files}; exec "$0" "$@"`, command, ...run]];
  const child = spawn(executable, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not listening after ${START_MS} ms:\n${output}`)), START_MS);
    const seen = (data: Buffer): void => {
      output += data.toString();
      const addr = / at (\S+:\/\/\S+)\n/.exec(output)?.[1];
      if (addr === undefined) return;
      clearTimeout(late);
      const server = new Server(addr, child, () => output);
      running.add(server);
      resolve(server);
    };
    child.stdout.on("data", seen);
    child.stderr.on("data", seen);
    child.once("exit", (code, signal) => {
      clearTimeout(late);
      reject(new Error(`ended with ${signal ?? code}:\n${output}`));
    });
  });
}

/** Whether a command is installed. */
export function installed(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
}

/** Runs a client to its end; its output, and an error where it fails. */
export function runClient(command: string, args: readonly string[], timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (output += data.toString()));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(" ")} ended with ${signal ?? code}:\n${output}`));
    });
  });
}

/** Everything that a socket receives until its other end is done. */
export function receiveAll(socket: net.Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(chunks)));
    socket.once("error", reject);
  });
}

/** Resolves once `holds` does; rejects after `ms`. */
export async function eventually(holds: () => boolean, what: string, ms = 30_000): Promise<void> {
  const late = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > late) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends `text` and resolves with the first answer. */
export function ask(socket: net.Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off("data", answered).off("error", failed);
    };
    const answered = (data: Buffer): void => {
      done();
      resolve(data.toString());
    };
    const failed = (error: Error): void => {
      done();
      reject(error);
    };
    socket.on("data", answered).on("error", failed).write(text);
  });
}

/**
 * Opens `n` connections, some at a time. Thousands should be ended by a reset: else each keeps its port for a minute, and
 * when there is none left nobody can listen on a port of the system's choice.
 */
export async function open(server: Server, n: number): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  while (sockets.length < n) {
    const batch = Math.min(100, n - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: batch }, () => server.connect()))));
  }
  for (const socket of sockets) socket.on("error", () => {});
  return sockets;
}

/**
 * Has more clients than a server has descriptors for, which was started with `files: 120`: it serves as many as it can, waits, and
 * goes on when there is room. With epoll it leaves some to threads that may be needed.
 */
export async function outlastCrowd(server: Server, poller: Poller): Promise<void> {
  const sockets = await open(server, 200);
  const answers = sockets.map((socket) => {
    let answered = false;
    ask(socket, "x").then(
      () => (answered = true),
      () => {},
    );
    return () => answered;
  });
  await eventually(() => answers.filter((answered) => answered()).length > 20, "some are served");
  // No more than there are descriptors for, however long one waits.
  await new Promise((resolve) => setTimeout(resolve, 500));
  server.check();
  const served = answers.filter((answered) => answered()).length;
  assert.ok(served > 20 && served < 120, `${served} are served`);
  if (poller === "epoll") assert.ok(server.files <= 110, `${server.files} of 120 descriptors are taken`);
  // Those that are served go; the others, which wait in the backlog, take their place.
  for (const [i, socket] of sockets.entries()) if (answers[i]?.()) socket.destroy();
  await eventually(() => answers.filter((answered) => answered()).length > served, "others are served");
  for (const socket of sockets) socket.destroy();
  const again = await server.connect();
  assert.equal(await ask(again, "y"), "y");
  again.destroy();
  await server.stop();
}
