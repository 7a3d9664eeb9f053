/** Clusters for tests: their server, a runtime that runs their calls, and connections that end with the test. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { start, type Runtime } from "../../host/index.js";
import { connect, type Cluster, type ConnectOptions, type ServeOptions } from "../../host/remote/index.js";
import { NatsServer } from "./server.js";

/** What `tasks/work.mjs` exports. */
export interface Work {
  add(a: number, b: number): number;
  identity<T>(value: T): T;
  store(): unknown;
  spin(ms: number): number;
  later<T>(ms: number, value: T): Promise<T>;
  flaky(file: string, failures: number): Promise<number>;
  note(file: string, text: string, ms: number): Promise<string>;
  step(file: string, text: string, ms: number, failures?: number): Promise<string>;
  die(): never;
  notThere(): void;
}

export const WORK = new URL("../../../tests/remote/tasks/work.mjs", import.meta.url);

const directory = mkdtempSync(path.join(tmpdir(), "skein-remote-"));
let files = 0;

/** A file that tasks write to. */
export function freshFile(): string {
  return path.join(directory, String(files++));
}

export function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").trim().split("\n");
  } catch {
    return [];
  }
}

/** One server and one runtime for the tests of a file; each test has a cluster of its own. */
export class Bed {
  private names = 0;

  private constructor(
    readonly server: NatsServer,
    readonly rt: Runtime,
  ) {}

  static async start(): Promise<Bed> {
    const [server, rt] = await Promise.all([NatsServer.start(), start({ procs: 2 })]);
    return new Bed(server, rt);
  }

  async end(): Promise<void> {
    await this.rt.close({ deadline: 0 });
    await this.server[Symbol.asyncDispose]();
  }

  /** Runs a test with a new cluster: `join` connects to it once more, `serve` makes a worker. */
  async cluster(body: (part: Part) => Promise<void>, options: Partial<ConnectOptions> = {}): Promise<void> {
    const part = new Part(this, { servers: this.server.url, name: `test${this.names++}`, ...options });
    try {
      await body(part);
    } finally {
      await part.end();
    }
  }
}

export class Part {
  private readonly joined: Cluster[] = [];

  constructor(
    private readonly bed: Bed,
    readonly options: ConnectOptions,
  ) {}

  async join(options: Partial<ConnectOptions> = {}): Promise<Cluster> {
    const cluster = await connect({ ...this.options, ...options });
    this.joined.push(cluster);
    return cluster;
  }

  async serve(options?: ServeOptions, url: URL = WORK): Promise<Cluster> {
    const cluster = await this.join();
    await cluster.serve(this.bed.rt, { work: url }, options);
    return cluster;
  }

  async end(): Promise<void> {
    await Promise.all(this.joined.map((each) => each.close()));
  }
}
