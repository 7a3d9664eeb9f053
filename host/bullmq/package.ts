/** BullMQ, which only those install who use it. */
import { createRequire } from "node:module";
import type * as bullmqPackage from "bullmq";
import { SkeinError } from "../index.js";

/** @throws SkeinError that says what to install */
function load(): typeof bullmqPackage {
  try {
    return createRequire(import.meta.url)("bullmq") as typeof bullmqPackage;
  } catch (cause) {
    throw new SkeinError(`skein/bullmq needs BullMQ: npm install bullmq (${(cause as Error).message})`, { cause });
  }
}

export const bullmq = load();
