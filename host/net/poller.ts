/** What goroutines' sockets are made of: system calls, or the runtime's own sockets where there are none. */
import { SkeinError } from "../base/errors.js";
import { writeFully } from "../base/stdio.js";
import { debugSettings } from "../base/debug.js";
import type { PollerChoice, PollerName } from "../poll/index.js";
import { loadSys } from "../poll/sys.js";

/** What `start` and `skein run` take: `"auto"` is epoll where it can be had. */
export type PollerWish = "auto" | PollerName;

/**
 * Checks the choice of a user.
 *
 * @throws SkeinError if there is no such poller, or epoll was asked for and cannot be had
 */
export function checkPoller(wish: PollerWish): PollerWish {
  if (wish !== "auto" && wish !== "epoll" && wish !== "stdlib") {
    throw new SkeinError(`poller must be "auto", "epoll" or "stdlib", not ${JSON.stringify(wish)}`);
  }
  if (wish === "epoll") {
    const { name, reason } = netPoller(wish);
    if (name !== "epoll") throw new SkeinError(`the epoll poller cannot be had: ${reason}`);
  }
  return wish;
}

/** Chooses; the answer is the same on every thread of a process. `"epoll"` is checked by `start`, once. */
export function netPoller(wish: PollerWish): PollerChoice {
  if (wish === "stdlib") return { name: "stdlib", reason: "asked for" };
  const sys = loadSys(new SharedArrayBuffer(8));
  return typeof sys === "string"
    ? { name: "stdlib", reason: sys }
    : { name: "epoll", reason: `system calls through ${sys.via}` };
}

/** The line of SKEIN_DEBUG=poller=1. */
export function tellPoller({ name, reason }: PollerChoice): void {
  if (debugSettings().poller > 0) writeFully(2, Buffer.from(`POLLER ${name}: ${reason}\n`));
}
