/** The same, each request stored before it is made. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { join } from "./remote-nats.mjs";

export { serve, server } from "./remote-nats.mjs";

export async function open(port) {
  const nc = await join(port);
  await (await jetstreamManager(nc)).streams.add({ name: "stored", subjects: ["stored"] });
  const js = jetstream(nc);
  const run = async (ms) => {
    await js.publish("stored", String(ms));
    return (await nc.request("bench", String(ms), { timeout: 60_000 })).json();
  };
  return { run };
}
