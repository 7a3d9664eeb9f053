/**
 * The channels of the package multithreading: in shared memory, many to many. Their default capacity, as larger ones are
 * slower, and lose values (0.3.52).
 */
import { channel, initRuntime, move, shutdown, spawn } from "multithreading";

export function openStream({ threads }) {
  initRuntime({ maxWorkers: threads });
  return {
    async send(numbers) {
      const [sender, receiver] = channel();
      const sum = spawn(move(receiver), async (receiver) => {
        let sum = 0;
        for (;;) {
          const { value } = await receiver.recv();
          if (value === -1) return sum;
          sum += value;
        }
      }).join();
      for (const n of numbers) await sender.send(n);
      await sender.send(-1);
      const result = await sum;
      if (!result.ok) throw result.error;
      return result.value;
    },
    close: () => shutdown(),
  };
}
