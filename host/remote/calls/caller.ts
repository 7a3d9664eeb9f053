/**
 * Making calls: stores them, waits for their results, cancels them.
 *
 * Guarantees: a call that was stored is run at least once, whatever becomes of its caller; its promise is settled with the one
 * result that was stored for it, or with an error that says why there is none here.
 */
import { randomBytes } from "node:crypto";
import { onAbort } from "../../base/signals.js";
import { LongTimer } from "../../base/timers.js";
import { carried } from "../../go/carry.js";
import { SkeinError } from "../../index.js";
import { decode } from "../codec/decode.js";
import { encode } from "../codec/encode.js";
import type { Connection } from "../connection/dial.js";
import type { Put, Store } from "../connection/store.js";
import { keyedId, type AnyLane } from "../connection/subjects.js";
import type { LargeValues } from "../connection/values.js";
import { remoteCall, type RemoteCall } from "./call.js";
import { readMessage, writeMessage, type CallBody, type CallHead, type ResultHead } from "./envelope.js";
import type { CallSettings } from "./options.js";
import { Results } from "./results.js";
import { storeCall } from "./storing.js";
import type { RemoteName } from "./tasks.js";

/** The stores of large values: arguments, which stay until they are done with, and results, which stay for a while. */
export interface Large {
  readonly args: LargeValues;
  readonly results: LargeValues;
}

/** A call under way. */
interface Pending {
  readonly head: CallHead;
  readonly lane: AnyLane;
  stored: Promise<Put> | undefined;
  isOver: boolean;
}

export class Caller {
  /** Tells the results of this process from those of others. */
  private readonly own = `result.${randomBytes(9).toString("base64url")}`;
  private readonly results: Results;
  /** For each order the call that is being stored last. */
  private readonly lines = new Map<string, Promise<unknown>>();
  private next = 0;
  private closed: Error | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly store: Store,
    private readonly large: Large,
  ) {
    this.results = new Results(connection, store);
  }

  /** Calls that have not ended. */
  get size(): number {
    return this.results.size;
  }

  /** @throws a DataCloneError if an argument cannot travel */
  call({ module, task }: RemoteName, args: unknown[], settings: CallSettings): RemoteCall<unknown> {
    if (this.closed !== undefined) throw this.closed;
    const { key, order, delay } = settings;
    const body = encode({ args, carried: carried() } satisfies CallBody);
    const id = key === undefined ? `${this.own}.${(this.next++).toString(36)}` : keyedId(module, task, key);
    const head: CallHead = {
      id,
      module,
      task,
      lane: settings.lane,
      key,
      order,
      version: settings.version,
      retries: settings.retries,
      backoff: settings.backoff,
      timeout: settings.timeout,
      round: 0,
      failures: 0,
      passed: 0,
      wait: delay > 0 ? delay : undefined,
    };
    const pending: Pending = {
      head,
      lane: order !== undefined ? "order" : delay > 0 ? "wait" : settings.lane,
      stored: undefined,
      isOver: false,
    };
    let cancel: (reason: unknown) => boolean = () => false;
    const promise = new Promise<unknown>((resolve, reject) => {
      cancel = this.begin(pending, body, settings, { resolve, reject });
    });
    return remoteCall(promise, id, (reason) => cancel(reason));
  }

  /** No call is made any more, and those under way reject. */
  close(error: Error): void {
    this.closed = error;
    this.results.close(error);
  }

  private begin(
    pending: Pending,
    body: Uint8Array,
    { signal, timeout }: CallSettings,
    { resolve, reject }: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void },
  ): (reason: unknown) => boolean {
    const undo: (() => void)[] = [];
    const end = (): boolean => {
      if (pending.isOver) return false;
      pending.isOver = true;
      for (const each of undo) each();
      return true;
    };
    const cancel = (reason: unknown): boolean => {
      if (!end()) return false;
      reject(reason);
      this.cancelled(pending, reason).catch(() => undefined); // the connection is closed
      return true;
    };
    const failed = (error: unknown): void => void (end() && reject(error));
    undo.push(
      this.results.wait(pending.head.id, {
        result: (message) => {
          if (end()) this.settle(message).then(resolve, reject);
        },
        failed,
      }),
    );
    if (timeout !== undefined) {
      const timer = new LongTimer(timeout, () => void this.late(pending, timeout).then(cancel));
      undo.push(() => timer.clear());
    }
    if (signal?.aborted === true) {
      end();
      reject(signal.reason);
      return () => false;
    }
    if (signal !== undefined) undo.push(onAbort(signal, () => void cancel(signal.reason)));
    pending.stored = this.inOrder(pending, () => this.submit(pending, body));
    pending.stored.catch(failed);
    return cancel;
  }

  /** Stores a call of an order after those that were made before it. */
  private inOrder({ head, lane }: Pending, submit: () => Promise<Put>): Promise<Put> {
    if (lane !== "order") return submit();
    const line = this.connection.names.line(this.connection.names.call(head, lane));
    const stored = (this.lines.get(line) ?? Promise.resolve()).then(submit);
    const settled = stored
      .catch(() => undefined)
      .finally(() => this.lines.get(line) === settled && this.lines.delete(line));
    this.lines.set(line, settled);
    return stored;
  }

  /** Stores the call, unless its key's result is there. */
  private async submit(pending: Pending, body: Uint8Array): Promise<Put> {
    const { head, lane } = pending;
    if (head.key !== undefined) {
      await this.results.look(head.id);
      if (pending.isOver) return "over";
    }
    const packed = await this.large.args.pack(head, body);
    return storeCall(this.connection, this.store, packed.head, packed.body, lane, head.id, {
      isOver: () => pending.isOver,
    });
  }

  /** The value of a result, or its error thrown. */
  private async settle(message: Uint8Array): Promise<unknown> {
    const { head, body } = readMessage<ResultHead>(message);
    const value = decode(await this.large.results.unpack(head, body));
    if (head.ok) return value;
    throw value;
  }

  /** Why a call took too long, as far as that can be told. */
  private async late({ head: { module, task, lane } }: Pending, ms: number): Promise<DOMException> {
    const { jsm, names } = this.connection;
    const info = await jsm.consumers.info(names.calls, names.consumer(module, lane)).catch(() => undefined);
    const isServed = info !== undefined && info.num_waiting + info.num_ack_pending > 0;
    const why = isServed || this.connection.lostAt !== undefined ? "" : `: no worker serves ${JSON.stringify(module)}`;
    const lost = this.connection.lostAt === undefined ? "" : ": there is no connection to the server";
    return new DOMException(`the call of ${task} took more than ${ms} ms${why}${lost}`, "TimeoutError");
  }

  /**
   * Has a call run no more, wherever it is. The worker that runs it is told; if none has it yet, it is deleted. What may be under way
   * between two places is stopped by its error, stored as its result: whoever is to run it later sees that nobody wants to know.
   * A call with a key is deleted wherever it waits, and its key is free again; others who wait for it are told. Where a call of an order has its turn, that
   * ends with what runs, so it is not deleted there.
   */
  private async cancelled({ head, lane: placed, stored }: Pending, reason: unknown): Promise<void> {
    const { names, nc } = this.connection;
    const { id, key, lane } = head;
    const error = cloneable(reason);
    const result = writeMessage<ResultHead>({ ok: false, worker: "", failures: 0, cancelled: true }, encode(error));
    nc.publish(names.cancel, encode({ id, reason: error }));
    const put = await stored?.catch(() => undefined);
    if (key === undefined) {
      const hasTurn = placed === "order" && typeof put === "object" && (await this.hasTurn(head, put.seq));
      if (!hasTurn && typeof put === "object" && (await this.store.remove(names.streamOf(placed), put.seq))) return;
      await this.store.put(names.streamOfResult(id), names.result(id), result, { fresh: true });
      return;
    }
    for (const each of placed === "order" ? [placed] : ([lane, "wait"] as const))
      await this.store.removeLast(names.streamOf(each), names.call(head, each));
    nc.publish(names.told(id), result);
  }

  /** Whether it is a call's turn in its order. */
  private async hasTurn(head: CallHead, seq: number): Promise<boolean> {
    const { names } = this.connection;
    const first = await this.store.first(names.ordered, names.line(names.call(head, "order")));
    return first?.seq === seq;
  }
}

/** A reason as it can travel. */
function cloneable(reason: unknown): unknown {
  try {
    encode(reason);
    return reason;
  } catch {
    return new SkeinError(`the call was cancelled: ${String(reason)}`);
  }
}
