/** What the package multithreading takes for granted and Node 20 has not; loaded before it, in its threads too. */
import os from "node:os";

globalThis.navigator ??= { hardwareConcurrency: os.availableParallelism() };
Promise.withResolvers ??= function () {
  const parts = {};
  parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
