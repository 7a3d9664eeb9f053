/** NATS's request and reply, without anything stored. */
import { connect } from "@nats-io/transport-node";
import { compute } from "../work/remote.mjs";

export const server = "nats-server";
export const join = (port) => connect({ servers: `nats://127.0.0.1:${port}` });

export async function serve(port) {
  const nc = await join(port);
  nc.subscribe("bench", { queue: "workers", callback: (_, msg) => msg.respond(String(compute(msg.json()))) });
  await nc.flush();
}

export async function open(port) {
  const nc = await join(port);
  return { run: async (ms) => (await nc.request("bench", String(ms), { timeout: 60_000 })).json() };
}
