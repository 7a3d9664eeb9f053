/** Servers under load: their processor time for each request, while a program beside them sends requests. */
import { ChildError, output, type Command } from "./child.js";
import { cpuPerCount, type Sampled } from "./cputime.js";

/**
 * Starts a server, which prints a line `LISTEN address`, then a client for that address, which prints lines `COUNT n`, the sum
 * of the answers that it has had. Returns the server's processor time for each answer between one line and the next, in
 * nanoseconds.
 */
export async function cpuPerAnswer(
  server: Command,
  client: (address: string) => Command,
  stop: AbortSignal,
): Promise<number[]> {
  const end = new AbortController();
  let listens: (value: Sampled & { address: string }) => void;
  const listening = new Promise<Sampled & { address: string }>((resolve) => (listens = resolve));
  const running = output(server, AbortSignal.any([stop, end.signal]), (pid, line) => {
    const address = /^LISTEN (\S+)$/.exec(line)?.[1];
    if (address !== undefined) listens({ pid, address });
  });
  const ended = running.then(
    () => {
      throw new ChildError("the server ended by itself");
    },
    (error: unknown) => {
      if (!end.signal.aborted) throw error;
    },
  );
  try {
    const ready = await Promise.race([listening, ended]);
    if (ready === undefined) return [];
    return await Promise.race([cpuPerCount(client(ready.address), stop, ready), ended.then(() => [])]);
  } finally {
    end.abort();
    await ended.catch(() => undefined);
  }
}
