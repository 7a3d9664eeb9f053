/** A Redis of a test's own: on loopback, on a free port, with nothing on disk. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../remote/server.js";

/** Why there is no server to test with; undefined if there is one. */
export const noRedis: string | undefined =
  spawnSync("redis-server", ["--version"]).status === 0
    ? undefined
    : "redis-server is not on PATH (apt-get install redis-server)";

export class RedisServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly connection: { readonly host: string; readonly port: number },
  ) {}

  static async start(): Promise<RedisServer> {
    const connection = { host: "127.0.0.1", port: await freePort() };
    const args = ["--port", String(connection.port), "--bind", connection.host, "--save", "", "--appendonly", "no"];
    const child = spawn("redis-server", args, { stdio: "ignore" });
    for (let i = 0; !(await listens(connection.port)); i++) {
      if (i > 400 || child.exitCode !== null) throw new Error("redis-server did not start");
      await sleep(25);
    }
    return new RedisServer(child, connection);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await ended;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
