/** Skein: a runtime with so many threads and no more, as the pools, and a goroutine for each task. By default it has more where they help. */
import { start } from "skein";

const functions = new URL("../work/functions.mjs", import.meta.url);

export async function open({ threads, task, byDefault = false }) {
  const rt = await start({ procs: threads, ...(byDefault ? {} : { threads }) });
  const work = rt.tasks(functions)[task];
  return { run: (value) => rt.go(work, value), close: () => rt.close() };
}

export async function openStream({ threads, capacity }) {
  const rt = await start({ procs: threads, threads });
  const { total } = rt.tasks(functions);
  return {
    async send(numbers) {
      const channel = rt.chan(capacity);
      const sum = rt.go(total, channel);
      for (const n of numbers) if (!channel.trySend(n)) await channel.send(n);
      channel.close();
      return await sum;
    },
    close: () => rt.close(),
  };
}
