/**
 * A worker: takes calls from the server, runs each as a goroutine, stores its result, and only then tells the server that it is done.
 *
 * All of it happens on the main thread, which does not compute: so the server hears that a call is worked on (`+WPI`) however long its
 * goroutine computes, and a worker that has died is found out by its silence.
 *
 * Invariant: a call is acknowledged when its result, or its next attempt, or its dead letter with its error as the result, is stored.
 * Whatever dies before that has the call delivered again, and then a call whose result is stored is not run again.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import { passOn } from "../../go/carry.js";
import type { Goroutine, Runtime } from "../../index.js";
import { SkeinError } from "../../index.js";
import type { Large } from "../calls/caller.js";
import { FormatError, readMessage, RESULT_HEADER, type CallBody, type CallHead } from "../calls/envelope.js";
import { decode } from "../codec/decode.js";
import type { Connection } from "../connection/dial.js";
import { Puller, type Delivery } from "../connection/pull.js";
import type { Store } from "../connection/store.js";
import { ALL_LANES, LANES, type AnyLane } from "../connection/subjects.js";
import { Capacity } from "./capacity.js";
import { Casualties } from "./casualties.js";
import { Outcomes } from "./outcomes.js";
import { unfit, type ServedModule } from "./served.js";
import type { WorkerStats } from "./stats.js";

/** How long a call waits that died with others, so that it is not on their thread again, in milliseconds. */
const CASUALTY_MS = 100;

/** How much longer than it may a call runs: its caller, if there is one still, cancels it. In milliseconds. */
const CALLER_MS = 1000;

/** A call that this worker holds. */
interface Held {
  readonly delivery: Delivery;
  readonly module: ServedModule;
  readonly lane: AnyLane;
  head: CallHead | undefined;
  goroutine: Goroutine<unknown> | undefined;
  /** Its caller does not want it any more. */
  isCancelled: boolean;
}

export class Worker {
  readonly name = `${hostname()}-${process.pid}-${randomBytes(3).toString("hex")}`;
  private readonly pullers: { readonly lane: AnyLane; readonly puller: Puller }[] = [];
  private readonly waiting: Held[][] = LANES.map(() => []);
  private readonly held = new Set<Held>();
  private readonly capacity: Capacity;
  private readonly outcomes: Outcomes;
  private readonly casualties = new Casualties();
  private readonly heartbeat: NodeJS.Timeout;
  private readonly modules: ServedModule[] = [];
  private readonly cancels: { unsubscribe(): void };
  private running = 0;
  private isDue = false;
  private isDraining = false;
  private idle: (() => void) | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly store: Store,
    private readonly large: Large,
    private readonly rt: Runtime,
    concurrency: number | undefined,
  ) {
    this.capacity = new Capacity(() => rt.procs, concurrency);
    this.outcomes = new Outcomes(connection, store, large, this.name);
    const { ackWait } = connection.settings;
    this.heartbeat = setInterval(() => {
      for (const { delivery } of this.held) delivery.working();
    }, ackWait / 3);
    const { nc, names } = connection;
    this.cancels = nc.subscribe(names.cancel, {
      callback: (error, msg) => {
        if (error === null) this.cancel(decode(msg.data) as { id: string; reason: unknown });
      },
    });
  }

  /** Serves one more module, whose consumers are there. */
  add(module: ServedModule): void {
    this.modules.push(module);
    const { names } = this.connection;
    for (const lane of ALL_LANES) {
      const puller = new Puller(this.connection, names.streamOf(lane), names.consumer(module.name, lane), {
        delivered: (delivery) => this.delivered(module, lane, delivery),
        ended: () => this.schedule(),
      });
      this.pullers.push({ lane, puller });
    }
    this.schedule();
  }

  get stats(): WorkerStats {
    const { done, failures, retried, dead } = this.outcomes;
    return {
      name: this.name,
      modules: this.modules.map(({ name }) => name),
      capacity: this.capacity.calls,
      running: this.running,
      waiting: this.waiting.reduce((sum, lane) => sum + lane.length, 0),
      done,
      failed: failures,
      retried,
      dead,
      draining: this.isDraining,
    };
  }

  /** Takes no more calls, hands back those that have not begun, and resolves when those that run have ended. */
  async drain(): Promise<void> {
    this.isDraining = true;
    for (const { puller } of this.pullers) puller.stop();
    for (const lane of this.waiting) {
      for (const held of lane.splice(0)) this.handBack(held);
    }
    if (this.held.size > 0) await new Promise<void>((resolve) => (this.idle = resolve));
  }

  /** Hands back even what runs: its goroutines are cancelled. */
  abandon(): void {
    for (const held of [...this.held]) {
      held.isCancelled = true;
      held.goroutine?.cancel(new SkeinError("the worker was closed"));
      this.handBack(held);
    }
  }

  close(): void {
    for (const { puller } of this.pullers) puller.stop();
    clearInterval(this.heartbeat);
    this.cancels.unsubscribe();
  }

  // ---- taking calls ----------------------------------------------------------------------------------------------------

  /** Looks, once in this turn, whether there is room for more. */
  private schedule(): void {
    if (this.isDue || this.isDraining) return;
    this.isDue = true;
    queueMicrotask(() => {
      this.isDue = false;
      this.fill();
    });
  }

  /**
   * Asks for as many calls as there is room for. Those of a lane wait here behind those of their own and of more urgent ones; and while
   * less urgent ones wait here, one more urgent is asked for beyond that, so that none of these is run before it.
   */
  private fill(): void {
    if (this.isDraining) return;
    const { calls } = this.capacity;
    for (const { lane, puller } of this.pullers) {
      if (lane === "wait" || lane === "order") {
        puller.request(calls - puller.requested);
        continue;
      }
      const rank = LANES.indexOf(lane);
      const count = (lanes: readonly Held[][]): number => lanes.reduce((sum, each) => sum + each.length, 0);
      const room = calls - puller.requested - count(this.waiting.slice(0, rank + 1)) - this.running;
      const isUrgent = puller.requested === 0 && count(this.waiting.slice(rank + 1)) > 0;
      puller.request(Math.max(room, isUrgent ? 1 : 0));
    }
  }

  private delivered(module: ServedModule, lane: AnyLane, delivery: Delivery): void {
    const held: Held = { delivery, module, lane, head: undefined, goroutine: undefined, isCancelled: false };
    if (this.isDraining) return delivery.nak();
    this.held.add(held);
    if (lane === "wait") return void this.moveOn(held);
    if (lane === "order") return void this.line(held);
    this.waiting[LANES.indexOf(lane)]!.push(held);
    this.runNext();
  }

  /** A call whose time has not come is given back until then; after that it goes to its lane. */
  private async moveOn(held: Held): Promise<void> {
    const { delivery } = held;
    try {
      const { head, body } = readMessage<CallHead>(delivery.data);
      if (delivery.count === 1 && head.wait !== undefined) delivery.nak(head.wait);
      else await this.outcomes.again({ ...head, wait: undefined }, body, delivery);
    } catch (error) {
      await this.unreadable(held, error);
    }
    this.release(held);
  }

  /** A call of an order is stored: where it is its turn, it goes to its lane. */
  private async line(held: Held): Promise<void> {
    const { delivery } = held;
    try {
      await this.outcomes.turns.stored({ subject: delivery.msg.subject, seq: delivery.seq });
      delivery.ack();
    } catch {
      delivery.nak(1000); // its lane is full, or the connection is closed
    }
    this.release(held);
  }

  private runNext(): void {
    while (this.running < this.capacity.calls) {
      const held = this.waiting.find((lane) => lane.length > 0)?.shift();
      if (held === undefined) break;
      this.running++;
      void this.run(held).finally(() => {
        this.running--;
        this.release(held);
        this.runNext();
      });
    }
    this.schedule();
  }

  private handBack(held: Held): void {
    held.delivery.nak();
    this.release(held);
  }

  private release(held: Held): void {
    this.held.delete(held);
    if (this.held.size === 0) this.idle?.();
    this.schedule();
  }

  // ---- running them ----------------------------------------------------------------------------------------------------

  private async run(held: Held): Promise<void> {
    const { delivery, module } = held;
    try {
      const message = readMessage<CallHead>(delivery.data);
      const { head } = message;
      held.head = head;
      const why = unfit(module, head.task, head.version);
      if (why !== undefined) return await this.outcomes.passOn(head, message.body, why, delivery);
      if (!(await this.hasTurn(head, delivery))) return;
      if (await this.isDone(head, delivery)) return await this.outcomes.end(head, delivery);
      const { args, carried } = decode(await this.large.args.unpack(head, message.body)) as CallBody;
      if (held.isCancelled) return await this.cancelled(held, head);
      const began = performance.now();
      let value: unknown;
      try {
        held.goroutine = passOn(carried, () => this.start(module, head, args));
        value = await held.goroutine;
      } catch (error) {
        return await this.failed(held, message.body, error);
      } finally {
        this.capacity.took((performance.now() - began) / Math.max(1, this.running / this.rt.procs));
      }
      await this.outcomes.succeeded(head, message.body, value, delivery);
    } catch (error) {
      // What is damaged, or of another version, or cannot be stored: its caller is told if that is possible at all.
      await this.unreadable(held, error);
    }
  }

  private start(module: ServedModule, { task, timeout }: CallHead, args: unknown[]): Goroutine<unknown> {
    const options = timeout === undefined ? {} : { timeout: timeout + CALLER_MS };
    return this.rt.go.with<unknown[], unknown>(options, module.tasks[task]!, ...args);
  }

  /** Whether the call, if it is one of an order, is to run now; otherwise it is answered. */
  private async hasTurn(head: CallHead, delivery: Delivery): Promise<boolean> {
    if (head.place === undefined) return true;
    const turn = await this.outcomes.turns.look(head, delivery);
    if (turn === "over") await this.outcomes.end(head, delivery);
    if (turn === "waits") delivery.ack();
    if (turn === "early") delivery.nak(1000);
    return turn === "now";
  }

  /** Whether a result is there, which only a call can have that was here before, or whose key was, or that was cancelled where it had its turn. */
  private async isDone(head: CallHead, { count }: Delivery): Promise<boolean> {
    const { id, key, place, round, failures, passed } = head;
    if (count === 1 && key === undefined && place === undefined && round + failures + passed === 0) return false;
    const { names } = this.connection;
    return (await this.store.last(names.streamOfResult(id), names.result(id))) !== undefined;
  }

  private async failed(held: Held, body: Uint8Array, error: unknown): Promise<void> {
    const { delivery, isCancelled } = held;
    const head = held.head!;
    if (isCancelled) return this.cancelled(held, head);
    const isInnocent = await this.casualties.isInnocent(error, head);
    if (!isInnocent) return this.outcomes.failed(head, body, error, delivery);
    return this.outcomes.again({ ...head, passed: head.passed + 1, wait: CASUALTY_MS }, body, delivery);
  }

  /** Its caller has stored that it is cancelled; unless the worker is closed, and has handed it back. */
  private async cancelled(held: Held, head: CallHead): Promise<void> {
    if (this.held.has(held)) await this.outcomes.end(head, held.delivery);
  }

  private async unreadable({ delivery, head }: Held, error: unknown): Promise<void> {
    const id = delivery.msg.headers?.get(RESULT_HEADER);
    const isFinal = error instanceof FormatError || (error as Error | undefined)?.name === "DamagedError";
    if (!isFinal || id === undefined || id === "") return delivery.nak(1000);
    try {
      await this.outcomes.tellUnreadable(id, error);
      if (head === undefined) delivery.ack();
      else await this.outcomes.end(head, delivery);
    } catch {
      delivery.nak(1000);
    }
  }

  private cancel({ id, reason }: { id: string; reason: unknown }): void {
    for (const held of this.held) {
      if (held.delivery.msg.headers?.get(RESULT_HEADER) !== id) continue;
      held.isCancelled = true;
      held.goroutine?.cancel(reason);
    }
  }
}
