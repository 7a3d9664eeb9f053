/**
 * Keeps a listener of Deno's own sockets going when the process runs out of descriptors. There (2.9) an accept that fails for want of one is
 * the listener's last, and nobody is told. So before the last ones are gone the listener is closed, and listens again, at the same
 * address, once there are some: after 10 ms at first, then after twice as long each time, up to a second. Node needs none of this: it
 * accepts such a connection with a descriptor that it keeps for that, and closes it.
 */
import { closeSync, openSync, readFileSync } from "node:fs";
import type { ListenOptions, Server } from "node:net";
import { devNull } from "node:os";
import process from "node:process";

/** Free descriptors below which a listener pauses, and from which it goes on. */
const FEW = 10;
const ENOUGH = 16;
/** It looks with every fourth connection: what else the process opens meanwhile has the rest of FEW. */
const LOOK_EVERY = 4;

const BACKOFF_MIN_MS = 10;
const BACKOFF_MAX_MS = 1000;

/**
 * Has a server that listens pause while there are no descriptors.
 *
 * @param where how it listens, the port that it was given included
 * @returns what closes the server, in place of its own `close`
 */
export function pausing(server: Server, where: ListenOptions): () => void {
  if (!("deno" in process.versions)) return () => void server.close();
  let timer: NodeJS.Timeout | undefined;
  let backoff = BACKOFF_MIN_MS;
  let isClosed = false;
  let connections = 0;
  const goOnLater = (): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (isFree(ENOUGH)) server.listen(where);
      else goOnLater();
    }, backoff);
    backoff = Math.min(2 * backoff, BACKOFF_MAX_MS);
  };
  const pause = (): void => {
    if (isClosed || timer !== undefined) return;
    server.close();
    goOnLater();
  };
  server.on("connection", () => {
    if (connections++ % LOOK_EVERY !== 0) return;
    if (isFree(FEW)) backoff = BACKOFF_MIN_MS;
    else pause();
  });
  // Of listening again: somebody else has the address for the moment.
  server.on("error", () => {
    if (!isClosed && timer === undefined && !server.listening) goOnLater();
  });
  return () => {
    isClosed = true;
    if (timer === undefined) server.close();
    else clearTimeout(timer);
  };
}

/** How many descriptors the process may have, as far as it may find out; 0 if not. */
export function fileLimit(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Whether the process may open so many descriptors more, as far as it may find out. */
export function isFree(count: number): boolean {
  const open: number[] = [];
  try {
    while (open.length < count) open.push(openSync(devNull, "r"));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== "EMFILE" && code !== "ENFILE";
  } finally {
    for (const fd of open) closeSync(fd);
  }
}
