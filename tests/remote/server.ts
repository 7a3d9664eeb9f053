/** A NATS server of a test's own: on loopback, with JetStream, on a free port, its files gone with it. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTo } from "node:net";

/** Why there is no server to test with; undefined if there is one. */
export const noServer: string | undefined =
  spawnSync("nats-server", ["--version"]).status === 0
    ? undefined
    : "nats-server is not on PATH (apt-get install nats-server)";

export class NatsServer implements AsyncDisposable {
  private child: ChildProcess | undefined;
  private readonly directory = mkdtempSync(path.join(tmpdir(), "skein-nats-"));

  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
  ) {}

  static async start(...args: string[]): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), args);
    await server.run();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it, again with what it has stored. */
  async run(): Promise<void> {
    const log = path.join(this.directory, "log");
    const args = ["-js", "-sd", this.directory, "-a", "127.0.0.1", "-p", String(this.port), "-l", log, ...this.args];
    const child = spawn("nats-server", args, { stdio: "ignore" });
    this.child = child;
    for (let i = 0; !(await answers(this.port)); i++) {
      if (i > 400 || child.exitCode !== null)
        throw new Error(`nats-server did not start: ${readFileSync(log, "utf8")}`);
      await sleep(25);
    }
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
    this.child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(port, "127.0.0.1");
    socket.once("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
