/** Clients, modules and waits for the tests of `serve`. */
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { serve, type Events, type Server } from "../../host/serve/index.js";
import { loadSys } from "../../host/sockets/sys.js";

export { serve };
export const onDeno = "deno" in process.versions;

const why = loadSys(new ArrayBuffer(8));
/** Pollers that this runtime has: without a way to call C, only one. */
export const pollers: readonly ("epoll" | "stdlib")[] = typeof why === "string" ? ["stdlib"] : ["epoll", "stdlib"];
/** Skips a test that is about epoll. */
export const epollOnly = { skip: typeof why === "string" ? why : false };

/** A module of handlers; the source may use `skein`. */
export function moduleOf(source: string): string {
  const skein = new URL("../../../dist/index.js", import.meta.url).href;
  return `data:text/javascript,${encodeURIComponent(source.replaceAll('"skein"', JSON.stringify(skein)))}`;
}

let sockets = 0;
/** The path of a Unix socket that nobody has. */
export function socketPath(): string {
  return path.join(tmpdir(), `skein-${process.pid}-${++sockets}.sock`);
}

/** Connects to one of a server's addresses. */
export function dial(address: string, options: object = {}): Promise<Socket> {
  const unix = /^unix(?:-net)?:\/\/(.*)$/.exec(address);
  const tcp = /^tcp[46]?:\/\/\[?(.*?)\]?:(\d+)$/.exec(address);
  const place = unix !== null ? { path: unix[1] as string } : { host: tcp?.[1] as string, port: Number(tcp?.[2]) };
  return new Promise((resolve, reject) => {
    const socket = connect({ ...place, ...options });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

/** Reads exactly `length` bytes, or fails when the socket ends first. */
export function receive(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let have = 0;
    const done = (error?: Error): void => {
      socket.off("data", take);
      socket.off("close", closed);
      socket.pause();
      if (error) {
        reject(error);
        return;
      }
      const all = Buffer.concat(chunks);
      if (all.length > length) socket.unshift(all.subarray(length));
      resolve(all.subarray(0, length));
    };
    const closed = (): void => done(new Error(`closed after ${have} of ${length} bytes`));
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      have += chunk.length;
      if (have >= length) done();
    };
    socket.on("data", take);
    socket.on("close", closed);
    socket.resume();
    if (length === 0) done();
  });
}

/** All that comes until the end. */
export function receiveAll(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    if (socket.destroyed) resolve(Buffer.alloc(0));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("close", () => resolve(Buffer.concat(chunks)));
    socket.on("end", () => socket.end());
    socket.resume();
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until something holds, and fails when it does not after some seconds. */
export async function until(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  for (const end = performance.now() + ms; !holds(); await sleep(5)) {
    if (performance.now() > end) throw new Error(`still not after ${ms} ms: ${what}`);
  }
}

/** Serves, runs the test and closes; checks that no descriptor is left open. */
export async function withServer(
  events: Events | string,
  addrs: string | readonly string[],
  test: (server: Server) => Promise<void>,
): Promise<void> {
  const server = await serve(events, ...(typeof addrs === "string" ? [addrs] : addrs));
  try {
    await test(server);
  } finally {
    await server.close();
  }
}

/** How many descriptors this process has open; -1 where that cannot be seen. */
export function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return -1;
  }
}
