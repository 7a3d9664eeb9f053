/** Jobs on goroutines. */
import { Worker } from "skein/bullmq";

const lockDuration = Number(new URL(import.meta.url).search.slice(1));

export async function serve(port) {
  const connection = { host: "127.0.0.1", port };
  const options = { connection, lockDuration, stalledInterval: lockDuration / 4, procs: 1 };
  await new Worker("lock", new URL("../work/lock.mjs", import.meta.url), options).waitUntilReady();
}
