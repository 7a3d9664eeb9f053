/** Tasks of a cluster: stored, acknowledged, each result stored. */
import { start } from "skein";
import { connect } from "skein/remote";

export const server = "nats-server";
const join = (port) => connect({ name: "bench", servers: `nats://127.0.0.1:${port}` });

export async function serve(port) {
  const [rt, cluster] = [await start({ procs: 1 }), await join(port)];
  await cluster.serve(rt, { work: new URL("../work/remote.mjs", import.meta.url) });
}

export async function open(port) {
  const work = (await join(port)).tasks("work");
  return { run: (ms) => work.compute(ms) };
}
