/** What a cluster stores on the server: made by the first process that needs it, and found as it must be by all others. */
import type { ConsumerConfig, JetStreamManager, StreamConfig } from "@nats-io/jetstream";
import { SkeinError } from "../../index.js";
import type { Packages } from "./packages.js";
import type { Settings } from "./options.js";
import { ALL_LANES, type Names } from "./subjects.js";

export const NS_PER_MS = 1e6;
/** How long the server knows the number of a message that it has stored, so as not to store it twice. */
const DEDUPE_MS = 120_000;
/** Pull requests that may wait at one consumer: a few for each worker. */
const MAX_WAITING = 8192;
/** Calls that workers may hold at a time; what each holds it limits itself. */
const MAX_HELD = 100_000;

type Config = Partial<StreamConfig> & { name: string; subjects: string[] };

/** The codes of NATS's errors that something here depends on. */
export const Code = {
  StreamNotFound: 10059,
  ConsumerNotFound: 10014,
  StreamNameInUse: 10058,
  SubjectsOverlap: 10065,
  WrongLastSequence: 10071,
  StoreFailed: 10077,
  NoMessage: 10037,
  InsufficientResources: 10023,
  StorageExceeded: 10047,
  MessageTooLarge: 10054,
  OtherStream: 10060,
} as const;

export function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" ? code : undefined;
}

/** Makes sure of the streams that calls need. */
export async function ensureStreams(
  jsm: JetStreamManager,
  packages: Packages,
  names: Names,
  settings: Settings,
): Promise<void> {
  const { RetentionPolicy, DiscardPolicy } = packages.jetstream;
  const common = { ...storageOf(packages, settings), discard: DiscardPolicy.New };
  const result = (what: string): string => names.result(`${what}.>`);
  const told = (what: string): { src: string; dest: string } => ({ src: result(what), dest: names.told(`${what}.>`) });
  const keep = (ms: number): object => ({
    max_age: ms * NS_PER_MS,
    discard: DiscardPolicy.Old,
    duplicate_window: Math.min(ms, DEDUPE_MS) * NS_PER_MS,
    max_msgs_per_subject: -1,
    allow_direct: true,
  });
  const configs: Config[] = [
    {
      ...common,
      name: names.calls,
      subjects: [names.allCalls],
      retention: RetentionPolicy.Workqueue,
      duplicate_window: DEDUPE_MS * NS_PER_MS,
      max_msgs: settings.maxCalls,
    },
    {
      ...common,
      name: names.waiting,
      subjects: [names.allWaiting],
      retention: RetentionPolicy.Workqueue,
      duplicate_window: DEDUPE_MS * NS_PER_MS,
    },
    {
      ...common,
      name: names.ordered,
      subjects: [names.allOrdered],
      retention: RetentionPolicy.Limits,
      duplicate_window: DEDUPE_MS * NS_PER_MS,
      max_msgs: settings.maxCalls,
    },
    {
      ...common,
      ...keep(settings.keepUnkeyed),
      name: names.results,
      subjects: [result("result")],
      retention: RetentionPolicy.Limits,
      republish: told("result"),
    },
    {
      ...common,
      ...keep(settings.keep),
      name: names.keyed,
      subjects: [result("keyed")],
      retention: RetentionPolicy.Limits,
      republish: told("keyed"),
    },
    { ...common, name: names.dead, subjects: [names.allDead], retention: RetentionPolicy.Limits, allow_direct: true },
  ];
  for (const config of configs) await ensureStream(jsm, config);
}

/** Where streams are kept. */
export function storageOf({ jetstream }: Packages, { storage, replicas }: Settings): Partial<StreamConfig> {
  return {
    storage: storage === "file" ? jetstream.StorageType.File : jetstream.StorageType.Memory,
    num_replicas: replicas,
  };
}

/** Settings that must be as they are wanted; the others may have been changed by who runs the server. */
const DECISIVE = ["subjects", "retention", "storage", "discard", "max_msgs", "max_age", "republish"] as const;

/** @throws SkeinError if there is a stream of that name that was made otherwise */
export async function ensureStream(
  jsm: JetStreamManager,
  config: Config,
  alternatives: string[][] = [],
): Promise<void> {
  const found = await configOf(jsm, config.name);
  if (found === undefined) {
    try {
      await jsm.streams.add(config);
      return;
    } catch (error) {
      // Another process was quicker, which is looked at below.
      if (codeOf(error) !== Code.StreamNameInUse) throw refused(config, error);
      return ensureStream(jsm, config, alternatives);
    }
  }
  for (const name of DECISIVE) {
    const [is, wanted] = [found[name], config[name]];
    if (wanted === undefined || same(is, wanted)) continue;
    if (name === "subjects" && alternatives.some((each) => same(is, each))) continue;
    throw new SkeinError(
      `the stream ${config.name} exists with other settings: its ${name} is ${JSON.stringify(is)}, and ` +
        `${JSON.stringify(wanted)} is asked for here; all processes of a cluster must give connect the same options, ` +
        `or the stream must be deleted (nats stream rm ${config.name})`,
    );
  }
}

/** The stream's settings; undefined if there is none. */
async function configOf(jsm: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if (codeOf(error) === Code.StreamNotFound) return undefined;
    throw error;
  }
}

function same(a: unknown, b: unknown): boolean {
  const plain = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) =>
      part !== null && typeof part === "object" && !Array.isArray(part)
        ? Object.fromEntries(
            Object.entries(part)
              .filter(([, each]) => each !== false)
              .sort(),
          )
        : part,
    );
  return plain(a) === plain(b);
}

function refused({ name, subjects }: Config, cause: unknown): SkeinError {
  const why =
    codeOf(cause) === Code.SubjectsOverlap
      ? `another stream stores ${subjects.join(", ")} already`
      : (cause as Error).message;
  return new SkeinError(`the server refuses the stream ${name}: ${why}`, { cause });
}

/** Makes sure of the consumers from which the workers of a module take its calls. */
export async function ensureConsumers(
  jsm: JetStreamManager,
  packages: Packages,
  names: Names,
  module: string,
  settings: Settings,
): Promise<void> {
  for (const lane of ALL_LANES) {
    await ensureConsumer(jsm, packages, names.streamOf(lane), {
      durable_name: names.consumer(module, lane),
      filter_subject: names.lane(module, lane),
      ack_wait: settings.ackWait * NS_PER_MS,
      // What waits until it is time is held by nobody, but counts.
      max_ack_pending: lane === "wait" ? -1 : MAX_HELD,
    });
  }
}

/** @throws SkeinError if there is a consumer of that name that was made otherwise */
export async function ensureConsumer(
  jsm: JetStreamManager,
  { jetstream }: Packages,
  stream: string,
  config: Partial<ConsumerConfig> & { durable_name: string },
): Promise<void> {
  const wanted: Partial<ConsumerConfig> = {
    ack_policy: jetstream.AckPolicy.Explicit,
    deliver_policy: jetstream.DeliverPolicy.All,
    max_deliver: -1,
    max_waiting: MAX_WAITING,
    ...config,
  };
  try {
    await jsm.consumers.add(stream, wanted);
  } catch (error) {
    // It exists, perhaps with another ack_wait, which may be changed.
    try {
      await jsm.consumers.update(stream, config.durable_name, wanted);
    } catch {
      throw new SkeinError(
        `the consumer ${config.durable_name} of ${stream} exists with other settings: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
}
