/** `skein worker`: serves modules to a cluster until it is told to stop. */
import { createServer, type Server } from "node:http";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { SkeinError, start } from "../index.js";
import { writeFully } from "../base/stdio.js";
import { connect, type Cluster } from "../remote/index.js";
import { answer } from "../remote/worker/health.js";

/** Options of `skein worker`, as the command line's parser leaves them. */
export interface WorkerOptions {
  readonly nats: string;
  readonly name: string;
  readonly procs?: number;
  readonly concurrency?: number;
  /** What calls may ask for by `version`. */
  readonly moduleVersion?: string;
  /** `[HOST:]PORT` of /healthz and /metrics. */
  readonly http?: string;
}

/** Serves `modules`, each `NAME=FILE`, until SIGTERM or SIGINT; resolves with the exit code. */
export async function workerCommand(modules: readonly string[], options: WorkerOptions): Promise<number> {
  const served = Object.fromEntries(modules.map(moduleOf));
  const rt = await start({ procs: options.procs });
  try {
    const cluster = await connect({ servers: options.nats, name: options.name });
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => resolve());
    });
    let http: Server | undefined;
    try {
      await cluster.serve(rt, served, { concurrency: options.concurrency, version: options.moduleVersion });
      if (options.http !== undefined) http = await listen(options.http, cluster);
      writeFully(2, Buffer.from(`skein: serves ${Object.keys(served).join(", ")} of the cluster ${options.name}\n`));
      await stopped;
    } finally {
      // Until the last call has ended it answers that it takes no more.
      await cluster.drain();
      http?.close();
    }
  } finally {
    await rt.close();
  }
  return 0;
}

/** @throws SkeinError if it is no `NAME=FILE` */
function moduleOf(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at <= 0 || at === text.length - 1)
    throw new SkeinError(`${JSON.stringify(text)} is no NAME=MODULE, such as work=./work.js`);
  const file = text.slice(at + 1);
  const isUrl = /^[a-z][a-z\d+.-]+:\/\//i.test(file);
  return [text.slice(0, at), isUrl ? file : pathToFileURL(path.resolve(file)).href];
}

/** Answers at `[HOST:]PORT`; nobody but this machine hears unless a host is given. */
async function listen(address: string, cluster: Cluster): Promise<Server> {
  const [, host = "127.0.0.1", port = ""] = /^(?:(.+):)?(\d+)$/.exec(address) ?? [];
  if (port === "" || Number(port) > 65_535)
    throw new SkeinError(`--http takes [HOST:]PORT, not ${JSON.stringify(address)}`);
  const server = createServer((request, response) => {
    const { status, text } = answer(request.url ?? "", cluster.stats());
    response.writeHead(status, { "content-type": "text/plain; version=0.0.4" }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new SkeinError(`cannot listen at ${address}: ${cause.message}`, { cause })));
    server.listen(Number(port), host, resolve);
  });
  server.unref();
  return server;
}
