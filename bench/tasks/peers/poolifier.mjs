/** poolifier: a fixed pool of threads, without the events that nobody listens to here. */
import { fileURLToPath } from "node:url";
import { FixedThreadPool } from "poolifier";

export function open({ threads, task }) {
  const script = fileURLToPath(new URL("../work/poolifier.mjs", import.meta.url));
  const pool = new FixedThreadPool(threads, script, { enableEvents: false });
  return { run: (value) => pool.execute(value, task), close: () => pool.destroy() };
}
