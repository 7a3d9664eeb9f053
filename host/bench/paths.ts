/** Where the bench finds its programs, and where it keeps what it builds. */
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The package's root, seen alike from `host/bench` and from `dist/bench`. */
export const packageRoot = fileURLToPath(new URL("../..", import.meta.url));

/** The user's cache, as the XDG base directory specification has it. */
export function cacheDirectory(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "skein", "bench");
}
