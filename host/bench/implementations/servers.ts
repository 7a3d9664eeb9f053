/** What servers are held against: Redis itself, and the runtime's own sockets. */
import { output } from "../child.js";
import type { Implementation } from "./implementation.js";
import { runtime, sharedProgram } from "./javascript.js";

export const servers: readonly Implementation[] = [
  {
    name: "redis-server",
    description: "Redis, the one on PATH",
    async prepare(stop) {
      return {
        runtime: await redisVersion(stop),
        command: (program, procs, args) => sharedProgram(program, "redis-server", procs, args),
      };
    },
  },
  {
    name: "node:net",
    description: "the runtime's own sockets",
    prepare: () =>
      Promise.resolve({ runtime, command: (program, procs, args) => sharedProgram(program, "net", procs, args) }),
  },
];

async function redisVersion(stop: AbortSignal): Promise<string> {
  const text = await output({ file: "redis-server", args: ["--version"] }, stop);
  return `redis ${/v=([\d.]+)/.exec(text)?.[1] ?? "of unknown version"}`;
}
