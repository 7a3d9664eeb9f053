import { SkeinError } from "../errors.js";
import type { Server } from "./events.js";
import type { Place } from "./transport.js";
export function serveModule(_module: URL | string, _places: readonly Place[]): Promise<Server> {
  throw new SkeinError("not yet");
}
