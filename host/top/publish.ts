/**
 * Lets `skein top` watch a scheduler: a Unix socket that answers every line it gets, whatever that says, with a snapshot in a line of
 * JSON.
 *
 * Guarantees: the socket keeps no process alive; it is gone when the scheduler has ended or the process exits, but for a kill.
 */
import { rmSync } from "node:fs";
import type { Server, Socket } from "node:net";
import path from "node:path";
import process from "node:process";
import { threadId } from "node:worker_threads";
import { debugSettings } from "../base/debug.js";
import { writeFully } from "../base/stdio.js";
import type { Watched } from "./snapshot.js";

/** A program that ends sooner pays nothing for being watchable. */
const DELAY_MS = 200;

/** Bytes of answers that nobody has read, past which a reader gets no more. */
const UNREAD_MAX = 2 ** 20;

/** The sockets of this thread's schedulers. */
const files = new Set<string>();
let count = 0;

/** Lets a scheduler be watched under `title`, in a moment, until the function that this returns is called. */
export function publish(title: string, watched: Watched): () => void {
  const begin = { at: performance.now(), cpu: process.cpuUsage() };
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let file: string | undefined;
  let isOver = false;
  const timer = setTimeout(() => {
    listen().catch(failed);
  }, DELAY_MS).unref();

  async function listen(): Promise<void> {
    mayListen();
    const [{ createServer }, { socketDirectory }, { snapshot }] = await Promise.all([
      import("node:net"),
      import("./directory.js"),
      import("./snapshot.js"),
    ]);
    if (isOver) return;
    file = path.join(socketDirectory(), `${process.pid}-${threadId}-${++count}.sock`);
    rmSync(file, { force: true }); // of a process that had this one's number, and was killed
    if (files.size === 0) process.on("exit", removeAll);
    files.add(file);
    server = createServer((socket) => {
      sockets.add(socket.unref());
      socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
      socket.setEncoding("latin1").on("data", (text: string) => {
        for (const character of text) {
          if (character !== "\n" || socket.writableLength > UNREAD_MAX) continue;
          socket.write(JSON.stringify(snapshot(title, begin, watched)) + "\n");
        }
      });
    });
    server.on("error", failed);
    server.listen(file).unref();
  }

  return () => {
    isOver = true;
    clearTimeout(timer);
    server?.close();
    for (const socket of sockets) socket.destroy();
    if (file === undefined || !files.delete(file)) return;
    rmSync(file, { force: true });
    if (files.size === 0) process.off("exit", removeAll);
  };
}

/** Says why a scheduler cannot be watched, to those who have asked for it. */
function failed(error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  if (debugSettings().top > 0) writeFully(2, Buffer.from(`TOP: this scheduler cannot be watched: ${why}\n`));
}

function removeAll(): void {
  for (const file of files) rmSync(file, { force: true });
}

/** Deno asks its user for a permission that is missing; rather than that there is nothing to watch. */
function mayListen(): void {
  const { Deno } = globalThis as { Deno?: { permissions: { querySync(what: object): { state: string } } } };
  for (const name of ["read", "write", "net", "env", "sys"]) {
    if (Deno !== undefined && Deno.permissions.querySync({ name }).state !== "granted") {
      throw new Error(`it has no permission for that: --allow-${name}`);
    }
  }
}
