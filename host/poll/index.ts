/**
 * The choice of the poller: epoll where system calls can be made, the runtime's own sockets elsewhere.
 */
import process from "node:process";
import { debugSettings } from "../base/debug.js";
import { SkeinError } from "../base/errors.js";
import { loadSys } from "./sys.js";

/** What waits for sockets. */
export type PollerName = "epoll" | "stdlib";

/** A poller and why it is that one. */
export interface PollerChoice {
  readonly name: PollerName;
  /** One line, as "system calls through koffi" or "Deno runs without --allow-ffi". */
  readonly reason: string;
}

/**
 * Chooses the poller; `SKEIN_DEBUG=poller=1` prints the choice.
 *
 * @param wish `"auto"` takes epoll if it can
 * @param forced why nothing but the stdlib poller will do, if so
 * @throws SkeinError if epoll was asked for and cannot be had
 */
export function choosePoller(wish: "auto" | PollerName = "auto", forced?: string): PollerChoice {
  const choice = choose(wish, forced);
  if (debugSettings().poller > 0) process.stderr.write(`POLLER ${choice.name}: ${choice.reason}\n`);
  return choice;
}

function choose(wish: "auto" | PollerName, forced: string | undefined): PollerChoice {
  if (wish !== "auto" && wish !== "epoll" && wish !== "stdlib") {
    throw new SkeinError(`poller must be "auto", "epoll" or "stdlib", not ${JSON.stringify(wish)}`);
  }
  if (wish === "stdlib") return { name: "stdlib", reason: "asked for" };
  if (wish === "epoll" && forced !== undefined) throw new SkeinError(`the epoll poller was asked for, but ${forced}`);
  if (forced !== undefined) return { name: "stdlib", reason: forced };
  const sys = loadSys(new ArrayBuffer(8));
  const refusal =
    typeof sys === "string" ? sys : sys.watch === undefined ? `${sys.via} cannot watch descriptors` : undefined;
  if (refusal === undefined) return { name: "epoll", reason: `system calls through ${(sys as { via: string }).via}` };
  if (wish === "epoll") throw new SkeinError(`the epoll poller cannot be had: ${refusal}`);
  return { name: "stdlib", reason: refusal };
}
