/**
 * What JavaScript has for the same purposes: pools of threads from npm, the channels of one package, and what the runtime
 * itself brings. They are development dependencies: who has installed Skein alone reads that they are missing.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { ChildError, output, type Command } from "../child.js";
import { packageRoot } from "../paths.js";
import type { Implementation } from "./implementation.js";
import { onDeno, runtime, sharedProgram } from "./javascript.js";

interface Package {
  readonly name: string;
  readonly description: string;
  /** Its file in `bench/tasks/peers`, without the ending, where it is not the name. */
  readonly peer?: string;
  /** The package on npm, where it is not the name; null where there is none to install. */
  readonly package?: string | null;
  /** A file in `bench/tasks/peers` that Node loads first. */
  readonly preload?: string;
  /** A program that must be on PATH. */
  readonly server?: string;
}

/** Makes the implementation of a package, which runs if it is installed. */
export function packaged({
  name,
  description,
  peer = name,
  package: npm = name,
  preload,
  server,
}: Package): Implementation {
  return {
    name,
    description,
    async prepare(stop) {
      if (server !== undefined) await output({ file: server, args: ["--version"] }, stop);
      const version = npm === null ? "" : `${npm} ${await installed(npm)} on `;
      return {
        runtime: version + runtime,
        command: (program, procs, args) => {
          const command = sharedProgram(program, peer, procs, args);
          return preload === undefined || onDeno ? command : preloaded(command, preload);
        },
      };
    },
  };
}

function preloaded(command: Command, name: string): Command {
  const file = path.join(packageRoot, "bench", "tasks", "peers", `${name}.mjs`);
  return { ...command, args: ["--import", file, ...command.args] };
}

/** The version of the package that a program in `bench/tasks` would import. */
async function installed(name: string): Promise<string> {
  for (let directory = packageRoot; ; directory = path.dirname(directory)) {
    try {
      const text = await readFile(path.join(directory, "node_modules", name, "package.json"), "utf8");
      return (JSON.parse(text) as { version: string }).version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      if (directory === path.dirname(directory)) throw new ChildError(`${name} is not installed (npm install ${name})`);
    }
  }
}

export const packages: readonly Implementation[] = [
  packaged({ name: "piscina", description: "the pool of threads from npm" }),
  packaged({
    name: "piscina copying",
    description: "the same where Skein shares memory and it does not",
    peer: "piscina-copying",
    package: "piscina",
  }),
  packaged({ name: "tinypool", description: "the pool of threads from npm" }),
  packaged({ name: "workerpool", description: "the pool from npm, on threads" }),
  packaged({ name: "poolifier", description: "the pool from npm, on threads" }),
  packaged({
    name: "MessageChannel",
    description: "a message port to a worker of the runtime's own",
    peer: "messagechannel",
    package: null,
  }),
  packaged({ name: "bullmq", description: "BullMQ's own worker, over Redis", server: "redis-server" }),
  packaged({
    name: "nats",
    description: "request and reply of nats-server, nothing stored",
    package: "@nats-io/transport-node",
  }),
  packaged({
    name: "nats stored",
    description: "the same, with each request stored first",
    peer: "nats-stored",
    package: "@nats-io/jetstream",
  }),
  packaged({ name: "multithreading", description: "channels from npm, in shared memory", preload: "newer-node" }),
];
