/** The names of a cluster's streams and subjects. */
import { createHash } from "node:crypto";

/** Lanes of calls, by which priorities are told apart, the most urgent first; and where calls wait until it is time, or their turn. */
export const LANES = ["high", "normal", "low"] as const;
export type Lane = (typeof LANES)[number];
export type AnyLane = Lane | "wait" | "order";
export const ALL_LANES: readonly AnyLane[] = [...LANES, "wait", "order"];

/** How the ids of calls with a key begin; their hash follows. */
const KEYED = "keyed.";

/** What of a call is in its subject. */
export interface NamedCall {
  readonly id: string;
  readonly module: string;
  readonly task: string;
  /** What calls are to be run in the same order as. */
  readonly order?: string | undefined;
  /** Its number among the calls that are run in an order, once it is its turn. */
  readonly place?: number | undefined;
}

export class Names {
  readonly calls: string;
  /** Calls that wait until it is time: a stream of its own, so that a call finds room there when that of calls is full. */
  readonly waiting: string;
  /** Calls that are run in an order, each there until it is done with. */
  readonly ordered: string;
  readonly results: string;
  readonly keyed: string;
  readonly dead: string;
  readonly values: string;
  readonly resultValues: string;
  private readonly prefix: string;

  constructor(readonly cluster: string) {
    const stream = (what: string): string => `SKEIN_${cluster}_${what}`;
    this.calls = stream("CALLS");
    this.waiting = stream("WAITING");
    this.ordered = stream("ORDERED");
    this.results = stream("RESULTS");
    this.keyed = stream("KEYED");
    this.dead = stream("DEAD");
    this.values = `SKEIN_${cluster}_VALUES`;
    this.resultValues = `SKEIN_${cluster}_RESULT_VALUES`;
    this.prefix = `skein.${cluster}`;
  }

  /**
   * Where a call is stored. A call with a key has a subject of its own, so the server knows whether it is stored already; so has one that is run in
   * an order, once it is its turn.
   */
  call(call: NamedCall, lane: AnyLane): string {
    const { id, module, task, order, place } = call;
    const key = isKeyed(id) ? id.slice(KEYED.length) : undefined;
    if (lane === "order") return `${this.laneOf(module, lane)}.${hash(order!)}.${key ?? "any"}`;
    const subject = `${this.laneOf(module, lane)}.${token(task)}`;
    if (place !== undefined) return `${subject}.turn.${place}`;
    return key === undefined ? subject : `${subject}.${key}`;
  }

  /** All calls of a module that are run in the same order, wherever in it the one at `subject` is. */
  line(subject: string): string {
    return `${subject.slice(0, subject.lastIndexOf("."))}.*`;
  }

  /** All calls of a lane of a module. */
  lane(module: string, lane: AnyLane): string {
    return `${this.laneOf(module, lane)}.>`;
  }

  /** The stream that a lane is in. */
  streamOf(lane: AnyLane): string {
    return lane === "wait" ? this.waiting : lane === "order" ? this.ordered : this.calls;
  }

  get allOrdered(): string {
    return `${this.prefix}.order.>`;
  }

  get allWaiting(): string {
    return `${this.prefix}.wait.>`;
  }

  private laneOf(module: string, lane: AnyLane): string {
    return lane === "wait" || lane === "order"
      ? `${this.prefix}.${lane}.${token(module)}`
      : `${this.prefix}.call.${token(module)}.${lane}`;
  }

  get allCalls(): string {
    return `${this.prefix}.call.>`;
  }

  /** The durable consumer that the workers of a module share. */
  consumer(module: string, lane: AnyLane): string {
    return `${token(module)}-${lane}`;
  }

  /** Where a result is stored: `id` is `result.<caller>.<number>` or `keyed.<hash>`. */
  result(id: string): string {
    return `${this.prefix}.${id}`;
  }

  /** Where the server tells of a result once it has stored it. */
  told(id: string): string {
    return `${this.prefix}.told.${id}`;
  }

  streamOfResult(id: string): string {
    return isKeyed(id) ? this.keyed : this.results;
  }

  get cancel(): string {
    return `${this.prefix}.cancel`;
  }

  deadLetter(module: string, task: string): string {
    return `${this.prefix}.dead.${token(module)}.${token(task)}`;
  }

  get allDead(): string {
    return `${this.prefix}.dead.>`;
  }

  channelStream(channel: string): string {
    return `SKEIN_${this.cluster}_CHAN_${channel}`;
  }

  /** Where a channel's values are stored; closed, it takes none there any more. */
  channel(channel: string, isClosed: boolean): string {
    return `${this.prefix}.${isClosed ? "closed" : "chan"}.${channel}`;
  }

  /** Where those who wait for room in a channel, or for its end, are told to look again. */
  channelNews(channel: string): string {
    return `${this.prefix}.news.${channel}`;
  }
}

/** Whether a call's id is that of a key. */
export function isKeyed(id: string): boolean {
  return id.startsWith(KEYED);
}

/** The id of a call with a key, the same for the same key of the same task; a part of a subject. */
export function keyedId(module: string, task: string, key: string): string {
  return `${KEYED}${hash(JSON.stringify([module, task, key]))}`;
}

/** A text as a part of a subject, from which it cannot be read. */
function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 27);
}

/** A name as a part of a subject. */
function token(name: string): string {
  return name.replace(/[^\w-]/gu, (c) => `=${c.codePointAt(0)!.toString(16)}=`);
}
