/** An array of bytes to a task and back, one at a time: in memory of its own, or in shared memory. Args: bytes, trips, 1 if shared, repetitions. */
import { args, check, finish, measure, peer, threads, timePer } from "./harness.mjs";

const [size, trips, shared, repetitions] = args;
const { open, sharesMemory = true } = await peer();
const pool = await open({ threads, task: "echo", inFlight: 1 });
const bytes = new Uint8Array(shared && sharesMemory ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
for (let i = 0; i < size; i++) bytes[i] = i * 31;

await measure("ns/op", repetitions, () =>
  timePer(trips, async () => {
    for (let i = 0; i < trips; i++) {
      bytes[i % size] = i;
      const back = await pool.run(bytes);
      check("bytes", back.length, size);
      check("a byte", back[i % size], bytes[i % size]);
    }
  }),
);
await finish(pool);
