/**
 * The choice of the poller: epoll where system calls can be made, the runtime's own sockets elsewhere.
 *
 * Guarantees: on all threads of a process the same wish gets the same answer.
 */
import { debugSettings } from "../base/debug.js";
import { SkeinError } from "../base/errors.js";
import { writeFully } from "../base/stdio.js";
import { checkWish, type PollerName, type PollerWish } from "./pollerwish.js";
import { loadSys } from "./sys.js";

/** A poller and why it is that one. */
export interface PollerChoice {
  readonly name: PollerName;
  /** One line, as "system calls through koffi" or "Deno runs without --allow-ffi". */
  readonly reason: string;
}

/** Who polls: the core on threads of its own, or an event loop of the runtime, which must be able to watch descriptors. */
export type Polling = "core" | "event loop";

/** Chooses; the answer to `"epoll"` is stdlib where epoll cannot be had. */
export function choosePoller(wish: PollerWish, polling: Polling): PollerChoice {
  if (wish === "stdlib") return { name: "stdlib", reason: "asked for" };
  const sys = loadSys(new SharedArrayBuffer(8));
  if (typeof sys === "string") return { name: "stdlib", reason: sys };
  if (polling === "event loop" && sys.watch === undefined) {
    return { name: "stdlib", reason: `${sys.via} cannot watch descriptors` };
  }
  return { name: "epoll", reason: `system calls through ${sys.via}` };
}

/**
 * Chooses for a user who may insist.
 *
 * @param forced why nothing but the stdlib poller will do, if so
 * @throws SkeinError if there is no such poller, or epoll was asked for and cannot be had
 */
export function demandPoller(wish: PollerWish, polling: Polling, forced?: string): PollerChoice {
  checkWish(wish);
  if (wish === "epoll" && forced !== undefined) throw new SkeinError(`the epoll poller was asked for, but ${forced}`);
  const choice: PollerChoice =
    forced === undefined || wish === "stdlib" ? choosePoller(wish, polling) : { name: "stdlib", reason: forced };
  if (wish === "epoll" && choice.name !== "epoll") {
    throw new SkeinError(`the epoll poller cannot be had: ${choice.reason}`);
  }
  return choice;
}

/** The same for the option of `start` and `skein run`: checks it, and looks at the system only if it must be epoll. */
export function checkPoller(wish: PollerWish): PollerWish {
  if (wish !== "auto") demandPoller(wish, "core");
  return wish;
}

/** The line of SKEIN_DEBUG=poller=1. */
export function tellPoller({ name, reason }: PollerChoice): void {
  if (debugSettings().poller > 0) writeFully(2, Buffer.from(`POLLER ${name}: ${reason}\n`));
}
