/**
 * A job on its goroutine: what BullMQ's sandboxed processors see, with what it asks of the queue done by the main thread, in the order
 * in which it asks.
 *
 * `processJob` is sent to the goroutine as its source, so it uses nothing from outside of itself.
 */
import type { Job } from "bullmq";
import type { Chan } from "../index.js";

/** What a job asks of the main thread: a method of BullMQ's job, and its arguments. */
export interface Request {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What the main thread tells it: what came of a request; or that it is cancelled. */
export type Told =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: unknown }
  | { readonly cancelled: unknown };

/** The methods that a job may call: those of BullMQ's sandboxes, and `extendLock`. */
export const METHODS = [
  "updateProgress",
  "log",
  "updateData",
  "extendLock",
  "moveToDelayed",
  "moveToWait",
  "moveToWaitingChildren",
  "getChildrenValues",
  "getIgnoredChildrenFailures",
  "getDependenciesCount",
  "getDependencies",
] as const;

/** A job as a goroutine has it. */
export type GoroutineJob<T = unknown> = Pick<
  Job<T>,
  | "id"
  | "name"
  | "data"
  | "opts"
  | "progress"
  | "attemptsMade"
  | "attemptsStarted"
  | "timestamp"
  | "delay"
  | "queueName"
  | "queueQualifiedName"
  | (typeof METHODS)[number]
>;

/** What of a job is cloned. */
export function plainJob(job: Job<unknown, unknown>): Record<string, unknown> {
  const { data, opts, delay, priority, returnvalue = null, failedReason, stacktrace } = job;
  return { ...job.asJSONSandbox(), data, opts, delay, priority, returnvalue, failedReason, stacktrace };
}

/** Runs a processor of the module at `url`. */
export async function processJob(
  url: string,
  plain: Record<string, unknown>,
  token: string | undefined,
  methods: readonly string[],
  requests: Chan<Request>,
  told: Chan<Told>,
): Promise<unknown> {
  const module = (await import(url)) as { default?: unknown };
  const exported = (module.default as { default?: unknown } | undefined)?.default ?? module.default;
  if (typeof exported !== "function") throw new TypeError(`the processor ${url} has no function as its default export`);
  const processor = exported as (...args: unknown[]) => unknown;
  const controller = new AbortController();
  const asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  const sending = new Set<Promise<void>>();
  let next = 0;
  const ask = (method: string, args: unknown[]): Promise<unknown> => {
    const id = next++;
    const answer = new Promise((resolve, reject) => asked.set(id, { resolve, reject }));
    // The main thread fails the job for it; here nobody need wait.
    answer.catch(() => undefined);
    const sent: Promise<void> = requests
      .send({ id, method, args })
      .catch((error: unknown) => asked.get(id)?.reject(error))
      .finally(() => sending.delete(sent));
    sending.add(sent);
    return answer;
  };
  const job: Record<string, unknown> = { ...plain };
  for (const method of methods) {
    job[method] = (...args: unknown[]): Promise<unknown> => {
      if (method === "updateProgress") job["progress"] = args[0];
      if (method === "updateData") job["data"] = args[0];
      return ask(method, args);
    };
  }
  const hearing = (async (): Promise<void> => {
    for await (const message of told) {
      if ("cancelled" in message) controller.abort(message.cancelled);
      else if ("error" in message) asked.get(message.id)?.reject(message.error);
      else asked.get(message.id)?.resolve(message.value);
    }
  })();
  try {
    return await processor(job, token, controller.signal);
  } finally {
    // What it asked for without waiting is done all the same, so it must have left; the main thread takes it whatever comes of it.
    await Promise.all(sending);
    requests[Symbol.dispose]();
    told[Symbol.dispose]();
    await hearing;
  }
}
