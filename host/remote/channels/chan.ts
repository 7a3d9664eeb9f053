/**
 * Channels of a cluster: a stream each, a work queue of so many messages as the channel has room for.
 *
 * - A send is refused by the server while the stream is full; it waits until a receiver tells of room, and looks by itself now and then.
 *   A value makes room when it is acknowledged, not when it is received.
 * - Closing gives the stream another subject, in one step on the server: no value is stored after that, and whoever sends sees that
 *   nobody takes it there.
 * - It has ended once it is closed and the stream is empty: what another receiver holds may come back.
 */
import { randomUUID } from "node:crypto";
import type { Subscription } from "@nats-io/transport-node";
import { onAbort } from "../../base/signals.js";
import { checkOptions } from "../../base/options.js";
import { present, refuseClone } from "../../base/present.js";
import { type Arrived, ChanError, SkeinError, type Chan, type Runtime } from "../../index.js";
import { decode } from "../codec/decode.js";
import { encode } from "../codec/encode.js";
import type { Connection } from "../connection/dial.js";
import { checkCount, checkName } from "../connection/options.js";
import { Puller, type Delivery } from "../connection/pull.js";
import type { Store } from "../connection/store.js";
import { Code, codeOf, ensureConsumer, ensureStream, NS_PER_MS, storageOf } from "../connection/streams.js";
import { END, Held, type RemoteReceived } from "./received.js";

/** How a channel is opened. */
export interface RemoteChanOptions {
  /** How many values it holds, received ones that are not acknowledged included. Default 1024. */
  readonly capacity?: number | undefined;
}

/** How long a send or a receive waits. */
export interface RemoteWaitOptions {
  readonly signal?: AbortSignal | undefined;
}

const CONSUMER = "receivers";
/** How often it is looked whether there is room, or the end, without being told, in milliseconds. */
const LOOK_MS = 500;

interface Waiting<T> {
  readonly resolve: (received: RemoteReceived<T>) => void;
}

/** A channel of a cluster. */
export class RemoteChan<T> implements AsyncIterable<T> {
  readonly name: string;
  readonly capacity: number;
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #stream: string;
  readonly #news: Subscription;
  readonly #timer: NodeJS.Timeout;
  /** Those who wait for room, or for a closed channel's end. */
  readonly #listeners = new Set<() => void>();
  readonly #receivers: Waiting<T>[] = [];
  /** What was received here and not answered. */
  readonly #held = new Set<Held<T>>();
  #puller: Puller | undefined;
  #isEnded = false;
  #isOver = false;

  private constructor(connection: Connection, store: Store, name: string, capacity: number) {
    this.name = name;
    this.capacity = capacity;
    this.#connection = connection;
    this.#store = store;
    const { nc, names, settings } = connection;
    this.#stream = names.channelStream(name);
    this.#news = nc.subscribe(names.channelNews(name), { callback: () => this.#look() });
    this.#timer = setInterval(() => {
      for (const held of this.#held) held.working();
    }, settings.ackWait / 3);
    refuseClone(this);
  }

  /** @internal */
  static async open<T>(
    connection: Connection,
    store: Store,
    name: string,
    options: RemoteChanOptions,
  ): Promise<RemoteChan<T>> {
    checkName(name, "the name of a channel");
    const { capacity: given = 1024 } = checkOptions<RemoteChanOptions>("cluster.chan", options, { capacity: true });
    const capacity = checkCount(given, "capacity", 1);
    const { jsm, packages, names, settings } = connection;
    const stream = names.channelStream(name);
    await ensureStream(
      jsm,
      {
        ...storageOf(packages, settings),
        name: stream,
        subjects: [names.channel(name, false)],
        retention: packages.jetstream.RetentionPolicy.Workqueue,
        discard: packages.jetstream.DiscardPolicy.New,
        max_msgs: capacity,
      },
      [[names.channel(name, true)]],
    );
    await ensureConsumer(jsm, packages, stream, {
      durable_name: CONSUMER,
      ack_wait: settings.ackWait * NS_PER_MS,
      max_ack_pending: -1,
    });
    return new RemoteChan<T>(connection, store, name, capacity);
  }

  /**
   * Sends `value`: resolves once it is stored, for which it waits while the channel is full. Rejects with a ChanError once it is closed, with a
   * DataCloneError if the value cannot travel, with the signal's reason if that ends the wait.
   */
  async send(value: T, { signal }: RemoteWaitOptions = {}): Promise<void> {
    const { names } = this.#connection;
    const payload = encode(value);
    const id = randomUUID();
    for (;;) {
      signal?.throwIfAborted();
      this.#checkOpen();
      const put = await this.#store.offer(this.#stream, names.channel(this.name, false), payload, id);
      if (put === "stored") return;
      if (put === "nobody" && (await this.#state()).isClosed) throw new ChanError("send on closed channel");
      // What was received here, and nobody answers for, must not keep its own process waiting.
      if (put === "full") this.#settle();
      await this.#change(signal);
    }
  }

  /**
   * Receives. Resolves with `{ value, ok: true, ack, nak }`, with `ok: false` once the channel is closed and drained. Who takes `ack` or `nak`
   * from it answers for the value; otherwise it is acknowledged when this object receives again, or is closed.
   */
  recv({ signal }: RemoteWaitOptions = {}): Promise<RemoteReceived<T>> {
    this.#settle();
    return this.#next(signal);
  }

  /** No more values will be sent: receivers get what is left, then the end. Rejects with a ChanError if it is closed already. */
  async close(): Promise<void> {
    const { jsm, names, nc } = this.#connection;
    this.#checkOpen();
    if ((await this.#state()).isClosed) throw new ChanError("close of closed channel");
    await jsm.streams.update(this.#stream, { subjects: [names.channel(this.name, true)] });
    nc.publish(names.channelNews(this.name));
  }

  /** Deletes the channel with what is in it, for all. */
  async delete(): Promise<void> {
    this.leave();
    await this.#connection.jsm.streams.delete(this.#stream);
  }

  /** Values that are stored, those that are received and not acknowledged included. */
  async length(): Promise<number> {
    return (await this.#state()).messages;
  }

  /** The values until it is closed and drained, each acknowledged when the next is asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    for (;;) {
      const received = await this.#next();
      if (!received.ok) return undefined;
      let isDone = false;
      try {
        yield received.value;
        isDone = true;
      } finally {
        // Who leaves the loop by an error has not done with the value.
        if (isDone) received.ack();
        else received.nak();
      }
    }
  }

  /**
   * A channel of `rt` that gives what this one receives, for `rt.select` and for goroutines. A value is acknowledged once somebody has taken
   * it there; the one that waits meanwhile is given back when this process ends.
   */
  local(rt: Runtime): Chan<Arrived<T>> {
    const chan: Chan<Arrived<T>> = rt.chan<Arrived<T>>(0) as Chan<Arrived<T>>;
    const pump = async (): Promise<void> => {
      for (;;) {
        const { value, ok, ack, nak } = await this.#next();
        if (!ok) break;
        try {
          await chan.send(value as Arrived<T>);
          ack();
        } catch {
          return nak(); // the runtime is closed, or the channel
        }
      }
      chan[Symbol.dispose]();
    };
    void pump().catch(() => undefined); // the connection is closed
    return chan;
  }

  /** @internal Ends this object's part: what it was sent and nobody answered for is acknowledged, what nobody received given back. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#settle();
    for (const held of this.#held) held.giveBack();
    this.#puller?.stop();
    this.#news.unsubscribe();
    clearInterval(this.#timer);
    for (const { resolve } of this.#receivers.splice(0)) resolve(END);
    this.#look();
  }

  #next(signal?: AbortSignal): Promise<RemoteReceived<T>> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#isEnded || this.#isOver) return Promise.resolve(END);
    this.#puller ??= this.#open();
    return new Promise((resolve, reject) => {
      const waiting: Waiting<T> = {
        resolve: (received) => {
          detach?.();
          resolve(received);
        },
      };
      const detach =
        signal &&
        onAbort(signal, () => {
          const i = this.#receivers.indexOf(waiting);
          if (i >= 0) this.#receivers.splice(i, 1);
          reject(signal.reason as Error);
        });
      this.#receivers.push(waiting);
      this.#ask();
      if (this.#receivers.length === 1) void this.#untilEnd();
    });
  }

  #open(): Puller {
    return new Puller(this.#connection, this.#stream, CONSUMER, {
      delivered: (delivery) => this.#delivered(delivery),
      ended: () => this.#ask(),
    });
  }

  #ask(): void {
    const { requested } = this.#puller ?? { requested: 0 };
    this.#puller?.request(this.#receivers.length - requested);
  }

  #delivered(delivery: Delivery): void {
    const waiting = this.#receivers.shift();
    if (waiting === undefined) return delivery.nak(); // its receiver has given up
    const held = new Held(decode(delivery.data) as T, delivery, () => {
      this.#held.delete(held);
      this.#connection.nc.publish(this.#connection.names.channelNews(this.name));
    });
    this.#held.add(held);
    waiting.resolve(held);
  }

  /** While somebody receives it is looked now and then whether the channel has ended. */
  async #untilEnd(): Promise<void> {
    while (this.#receivers.length > 0 && !this.#isOver) {
      const { isClosed, messages } = await this.#state().catch(() => ({ isClosed: false, messages: 1 }));
      if (isClosed && messages === 0) {
        this.#isEnded = true;
        for (const { resolve } of this.#receivers.splice(0)) resolve(END);
        return;
      }
      await this.#change();
    }
  }

  /** Acknowledges what was received here and nobody answers for. */
  #settle(): void {
    for (const held of [...this.#held]) if (!held.isTaken) held.done();
  }

  async #state(): Promise<{ isClosed: boolean; messages: number }> {
    const { jsm, names } = this.#connection;
    try {
      const { config, state } = await jsm.streams.info(this.#stream);
      return { isClosed: config.subjects[0] === names.channel(this.name, true), messages: state.messages };
    } catch (cause) {
      if (codeOf(cause) !== Code.StreamNotFound) throw cause;
      throw new SkeinError(`the channel ${this.name} is gone: somebody has deleted it`, { cause });
    }
  }

  /** Resolves when there is news of the channel, or it is time to look by oneself. */
  #change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        detach?.();
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, LOOK_MS);
      const detach = signal && onAbort(signal, done);
      this.#listeners.add(done);
    });
  }

  #look(): void {
    for (const listener of this.#listeners) listener();
  }

  #checkOpen(): void {
    if (this.#isOver || this.#connection.nc.isClosed()) throw new SkeinError("the cluster is closed");
  }
}

present(
  RemoteChan,
  "RemoteChan",
  ({ name, capacity }) => ({ name, capacity }),
  "receive from it, await recv(), to have a value",
);
