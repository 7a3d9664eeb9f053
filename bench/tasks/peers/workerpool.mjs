/** workerpool, on threads. A worker gets its next task when it has given back the one before; there is no setting for that. */
import { fileURLToPath } from "node:url";
import workerpool from "workerpool";

export function open({ threads, task }) {
  const script = fileURLToPath(new URL("../work/workerpool.mjs", import.meta.url));
  const pool = workerpool.pool(script, { minWorkers: threads, maxWorkers: threads, workerType: "thread" });
  return { run: (value) => pool.exec(task, [value]), close: () => pool.terminate(true) };
}
